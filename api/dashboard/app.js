// The small built-in page: asks every two seconds, no framework, no other host.
'use strict';

const POLL_MS = 2000;
const ACTIONS = ['start', 'pause', 'resume', 'stop', 'emergency-stop'];
const el = (id) => document.getElementById(id);

// The token arrives in the fragment, which browsers send to nobody; it stays in
// this tab's session storage and leaves the address bar at once.
function takeToken() {
	const given = new URLSearchParams(location.hash.slice(1)).get('token');
	if (given) {
		sessionStorage.setItem('token', given);
		history.replaceState(null, '', location.pathname);
	}
	return sessionStorage.getItem('token');
}

async function call(method, path, body) {
	const headers = { Authorization: 'Bearer ' + (sessionStorage.getItem('token') || '') };
	if (body) headers['Content-Type'] = 'application/json';
	const answer = await fetch('/api/v1' + path, {
		method, headers, body: body ? JSON.stringify(body) : undefined,
	});
	const data = await answer.json();
	if (answer.status === 401) {
		sessionStorage.removeItem('token');
		el('login').hidden = false;
	}
	if (!answer.ok) throw new Error(data.error ? data.error.message : answer.statusText);
	return data;
}

function say(text, bad) {
	el('message').textContent = text;
	el('message').className = bad ? 'bad' : '';
}

async function act(path, question) {
	if (question && !confirm(question)) return;
	try {
		say((await call('POST', path)).message);
	} catch (error) {
		say(error.message, true);
	}
	refresh();
}

function node(tag, text, className) {
	const n = document.createElement(tag);
	if (text !== undefined) n.textContent = text;
	if (className) n.className = className;
	return n;
}

function card(bot) {
	const c = node('article', undefined, 'card');
	c.append(node('h2', bot.name), node('p', bot.bot_status, 'status ' + bot.status));
	const facts = [
		['symbol', bot.symbol], ['strategy', bot.strategy], ['last price', bot.last_price],
		['equity', bot.equity], ['open positions', bot.open_positions],
		['pending orders', bot.pending_orders],
		['config', bot.config_applied + ' of ' + bot.config_wanted],
		['last run', bot.last_execution],
	];
	const list = node('dl');
	for (const [name, value] of facts)
		list.append(node('dt', name), node('dd', value === null ? '-' : String(value)));
	c.append(list);
	if (bot.error) c.append(node('p', bot.error, 'bad'));
	const buttons = node('p', undefined, 'buttons');
	for (const action of ACTIONS) {
		const b = node('button', action, action === 'emergency-stop' ? 'danger' : '');
		b.type = 'button';
		b.addEventListener('click', () => act('/bots/' + bot.id + '/' + action,
			action === 'emergency-stop' && 'Cancel all orders and close all positions of ' + bot.name + '?'));
		buttons.append(b);
	}
	c.append(buttons);
	return c;
}

function row(order) {
	const r = node('tr');
	for (const value of [order.closed, order.side, order.filled, order.entry_price,
		order.exit_price, order.pnl, order.close_reason])
		r.append(node('td', value === null ? '-' : String(value)));
	return r;
}

async function refresh() {
	if (!sessionStorage.getItem('token')) {
		el('login').hidden = false;
		return;
	}
	try {
		const health = await (await fetch('/api/v1/health')).json();
		el('worker').textContent = health.status + ': worker ' + health.worker.status +
			', market data ' + (health.worker.feed_state || '-');
		const bots = await call('GET', '/bots?limit=500');
		el('bots').replaceChildren(...bots.bots.reverse().map(card));
		const trades = await call('GET', '/trading/bots/1/orders/history?limit=10');
		el('trades').replaceChildren(...trades.orders.map(row));
		el('login').hidden = true;
	} catch (error) {
		say(error.message, true);
	}
}

el('login').addEventListener('submit', (event) => {
	event.preventDefault();
	sessionStorage.setItem('token', el('token').value.trim());
	say('');
	refresh();
});
el('stop-all').addEventListener('click', () => act('/bots/emergency-stop',
	'Cancel all orders and close all positions of every bot?'));
takeToken();
refresh();
setInterval(refresh, POLL_MS);
