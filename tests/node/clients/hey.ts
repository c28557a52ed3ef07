/* The same session with the client of @hey-api/openapi-ts, each body checked by its zod schemas. */
import { createClient, createConfig } from './made/hey/client';
import * as api from './made/hey/sdk.gen';
import * as zod from './made/hey/zod.gen';
import { asked, main, must, report } from './session';

async function session(baseUrl: string, token: string): Promise<void> {
	const client = createClient(createConfig({ baseUrl, fetch: asked, auth: () => token }));
	const at = (id: number) => ({ client, path: { id } });

	must('status', await api.getStatus({ client }));
	const bot = must('a new bot', await api.postBots({
		client, body: { name: 'hey', config: { symbol: 'ETHUSDT', capital_per_trade: '250.5' } },
	}));
	const before = must('settings', await api.getTradingBotsByIdConfig(at(bot.id)));
	const after = must('one setting', await api.putTradingBotsByIdConfig({
		...at(bot.id), body: zod.zBotConfigChange.parse({ max_positions: 3 }),
	}));
	report(before.config, after.config, 'max_positions');
	const made = must('a strategy', await api.putTradingBotsByIdConfig({
		...at(bot.id),
		body: zod.zBotConfigChange.parse({ strategy: 'ema_cross', strategy_params: { fast: 5, slow: 9 } }),
	}));
	if (JSON.stringify(made.config.strategy_params).indexOf('"fast":5') < 0)
		throw new Error('the parameters were not sent');
	const checked = must('a check', await api.postTradingBotsByIdConfigValidate({
		...at(bot.id), body: { stop_loss_pct: 7, nonsense: true },
	}));
	if (checked.valid)
		throw new Error('nonsense is valid');
	must('history', await api.getTradingBotsByIdConfigHistory({ ...at(bot.id), query: { limit: 5 } }));
	must('an old version', await api.postTradingBotsByIdConfigRollback({
		...at(bot.id), body: { version: 1 },
	}));
	const stopped = must('a stop', await api.postBotStop({
		client, headers: { 'Idempotency-Key': 'hey-1' }, body: { positions: 'close' },
	}));
	if ('link' in stopped)
		must('its answer', await api.getCommandsById(at(stopped.command_id ?? 0)));
	must('a start', await api.postBotStart({ client }));
	must('orders', await api.getTradingBotsByIdOrders(at(1)));
	must('figures', await api.getTradingBotsByIdStats(at(1)));
	for (const model of must('models', await api.getModels({ client })).models)
		must('a prediction', await api.postModelsByIdPredict({
			...at(model.id), body: { features: { rsi_14: 31.5, return_1: null } },
		}));
	must('the end', await api.deleteBotsById(at(bot.id)));
}

void main('hey', session);
