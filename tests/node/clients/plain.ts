/*
 * A session with the types of openapi-typescript and openapi-fetch. It has no casts: that it
 * compiles is a test of the description.
 */
import createClient from 'openapi-fetch';
import type { paths } from './made/plain';
import { asked, main, must, report } from './session';

async function session(baseUrl: string, token: string): Promise<void> {
	const client = createClient<paths>({
		baseUrl, fetch: asked, headers: { Authorization: `Bearer ${token}` },
	});
	const path = (id: number) => ({ params: { path: { id } } });

	must('status', await client.GET('/api/v1/status'));
	const bot = must('a new bot', await client.POST('/api/v1/bots', {
		body: { name: 'plain', config: { symbol: 'ETHUSDT', capital_per_trade: '250.5' } },
	}));
	const before = must('settings', await client.GET('/api/v1/trading/bots/{id}/config', path(bot.id)));
	const after = must('one setting', await client.PUT('/api/v1/trading/bots/{id}/config', {
		...path(bot.id), body: { max_positions: 3 },
	}));
	report(before.config, after.config, 'max_positions');
	must('a strategy', await client.PUT('/api/v1/trading/bots/{id}/config', {
		...path(bot.id), body: { strategy: 'ema_cross', strategy_params: { fast: 5, slow: 9 } },
	}));
	const checked = must('a check', await client.POST('/api/v1/trading/bots/{id}/config/validate', {
		...path(bot.id), body: { stop_loss_pct: 7, nonsense: true },
	}));
	if (checked.valid)
		throw new Error('nonsense is valid');
	must('history', await client.GET('/api/v1/trading/bots/{id}/config/history', {
		params: { path: { id: bot.id }, query: { limit: 5 } },
	}));
	must('an old version', await client.POST('/api/v1/trading/bots/{id}/config/rollback', {
		...path(bot.id), body: { version: 1 },
	}));
	const stopped = must('a stop', await client.POST('/api/v1/bot/stop', {
		params: { header: { 'Idempotency-Key': 'plain-1' } }, body: { positions: 'close' },
	}));
	if ('link' in stopped)
		must('its answer', await client.GET('/api/v1/commands/{id}', path(stopped.command_id ?? 0)));
	must('a start', await client.POST('/api/v1/bot/start'));
	must('orders', await client.GET('/api/v1/trading/bots/{id}/orders', path(1)));
	must('figures', await client.GET('/api/v1/trading/bots/{id}/stats', path(1)));
	for (const model of must('models', await client.GET('/api/v1/models')).models)
		must('a prediction', await client.POST('/api/v1/models/{id}/predict', {
			...path(model.id), body: { features: { rsi_14: 31.5, return_1: null } },
		}));
	must('the end', await client.DELETE('/api/v1/bots/{id}', path(bot.id)));
}

void main('plain', session);
