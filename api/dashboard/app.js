// The small built-in page: hears changes over the WebSocket, and asks every two
// seconds while it has none. No framework, no other host.
'use strict';

const POLL_MS = 2000;
const LIVE_POLL_MS = 30000;	// while the WebSocket tells what changes
const BOTS_MAX = 500;		// shown at most: one page of the list
const TRADES_MAX = 10;
const ACTIONS = ['start', 'pause', 'resume', 'stop', 'emergency-stop'];
const el = (id) => document.getElementById(id);
const cards = new Map();	// bot id -> { bot, node, show }
let socket = null;		// also while it connects
let live = false;		// the socket has told all there is
let asked = 0;			// when refresh last ran
let workerStatus = '';

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

function facts(bot) {
	return [
		['symbol', bot.symbol], ['strategy', bot.strategy], ['last price', bot.last_price],
		['equity', bot.equity], ['open positions', bot.open_positions],
		['pending orders', bot.pending_orders],
		['target', bot.meaning && bot.meaning.profit_target_pct],
		['stop', bot.meaning && bot.meaning.stop_loss_pct],
		['config', bot.config_applied + ' of ' + bot.config_wanted],
		['last run', bot.last_execution],
	];
}

// Made once per bot; show() writes into it, so that a button stays under the mouse.
function card(bot) {
	const c = { bot, node: node('article', undefined, 'card') };
	const name = node('h2'), status = node('p'), list = node('dl');
	const trouble = node('p', undefined, 'bad'), warning = node('p', undefined, 'warning');
	const buttons = node('p', undefined, 'buttons');
	const values = facts(bot).map(([title]) => {
		const value = node('dd');
		list.append(node('dt', title), value);
		return value;
	});
	for (const action of ACTIONS) {
		const b = node('button', action, action === 'emergency-stop' ? 'danger' : '');
		b.type = 'button';
		b.addEventListener('click', () => act('/bots/' + bot.id + '/' + action,
			action === 'emergency-stop' && 'Cancel all orders and close all positions of ' + c.bot.name + '?'));
		buttons.append(b);
	}
	c.node.append(name, status, list, trouble, warning, buttons);
	c.show = () => {
		name.textContent = c.bot.name;
		status.textContent = c.bot.bot_status;
		status.className = 'status ' + c.bot.status;
		facts(c.bot).forEach(([, value], i) => {
			values[i].textContent = value === null ? '-' : String(value);
		});
		trouble.textContent = c.bot.error || '';
		trouble.hidden = !c.bot.error;
		warning.textContent = c.bot.model_warning ? 'Model: ' + c.bot.model_warning : '';
		warning.hidden = !c.bot.model_warning;
	};
	return c;
}

function showBots(list) {
	const known = [...cards.keys()].join();
	for (const bot of list) {
		const c = cards.get(bot.id) || card(bot);
		c.bot = bot;
		c.show();
		cards.delete(bot.id);	// to the end: the order of the list
		cards.set(bot.id, c);
	}
	for (const id of [...cards.keys()])
		if (!list.some((bot) => bot.id === id)) cards.delete(id);
	if ([...cards.keys()].join() !== known)
		el('bots').replaceChildren(...[...cards.values()].map((c) => c.node));
}

function row(order) {
	const r = node('tr');
	for (const value of [order.closed, order.side, order.filled, order.entry_price,
		order.exit_price, order.pnl, order.close_reason])
		r.append(node('td', value === null ? '-' : String(value)));
	return r;
}

async function refresh() {
	asked = Date.now();
	if (!sessionStorage.getItem('token')) {
		el('login').hidden = false;
		return;
	}
	try {
		const health = await (await fetch('/api/v1/health')).json();
		workerStatus = health.worker.status;
		el('worker').textContent = health.status + ': worker ' + health.worker.status +
			', market data ' + (health.worker.feed_state || '-');
		showBots((await call('GET', '/bots?limit=' + BOTS_MAX)).bots.reverse());
		// an entry that nobody filled is no trade
		const trades = (await call('GET', '/trading/bots/1/orders/history?limit=100')).orders
			.filter((order) => order.filled > 0).slice(0, TRADES_MAX);
		el('trades').replaceChildren(...trades.map(row));
		el('login').hidden = true;
		connect();
	} catch (error) {
		say(error.message, true);
	}
}

// One row of a snapshot, or a change (docs/PUSH.md).
function take(topic, d) {
	const c = cards.get(d.bot_id);
	if (topic === 'order') {
		if (d.status === 'closed' && d.bot_id === 1) refresh();
	} else if (!c || d.deleted) {
		if (d.deleted || cards.size < BOTS_MAX) refresh();
	} else if (topic === 'price') {
		Object.assign(c.bot, { last_price: d.price, equity: d.equity });
		c.show();
	} else {
		const changed = d.config_version.wanted !== c.bot.config_wanted;
		Object.assign(c.bot, {
			status: d.status, bot_status: d.bot_status, error: d.error,
			open_positions: d.open_positions, pending_orders: d.pending_orders,
			config_applied: d.config_version.applied, config_wanted: d.config_version.wanted,
			last_execution: d.last_execution,
		});
		c.show();
		if (changed || d.worker.status !== workerStatus) {
			workerStatus = d.worker.status;
			refresh();
		}
	}
}

function hear(event) {
	const m = JSON.parse(event.data);
	if (m.type === 'subscribed') live = true;
	if (m.type === 'snapshot')
		Object.values(m.data)[0].forEach((d) => take(m.topic, d));
	if (m.type === 'change') take(m.topic, m.data);
}

// The token is a subprotocol: a page can't give a WebSocket headers.
function connect() {
	if (socket) return;
	try {
		socket = new WebSocket(location.origin.replace(/^http/, 'ws') +
			'/api/v1/ws?topics=status,price,order',
			['tradingbot.v1', 'bearer.' + sessionStorage.getItem('token')]);
	} catch (error) {
		return;		// a token of other letters: asking will do
	}
	socket.onmessage = hear;
	socket.onclose = () => {	// the next refresh tries again
		socket = null;
		live = false;
	};
}

el('login').addEventListener('submit', (event) => {
	event.preventDefault();
	sessionStorage.setItem('token', el('token').value.trim());
	say('');
	if (socket) socket.close();
	refresh();
});
el('stop-all').addEventListener('click', () => act('/bots/emergency-stop',
	'Cancel all orders and close all positions of every bot?'));
takeToken();
refresh();
setInterval(() => {
	if (!live || Date.now() - asked >= LIVE_POLL_MS) refresh();
}, POLL_MS);
