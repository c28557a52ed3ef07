// Runs the built-in page's script against a running API, with just as much of a document as
// it uses, and prints what it shows once it has asked: node page.mjs BASE TOKEN
import { readFile } from 'node:fs/promises';
import vm from 'node:vm';

const [base, token] = process.argv.slice(2);

class Element {
	constructor(tag) {
		Object.assign(this, { tag, text: '', className: '', hidden: false, children: [] });
	}
	set textContent(text) { this.text = String(text); }
	get textContent() { return this.text + this.children.map((c) => c.textContent).join('|'); }
	append(...nodes) { this.children.push(...nodes); }
	replaceChildren(...nodes) {
		this.children = nodes;
		this.told = true;
	}
	addEventListener() {}
	shown() { return !this.hidden && (this.text || this.children.length) ? [this] : []; }
	all(className) {
		return [...(this.className.split(' ').includes(className) ? this.shown() : []),
			...this.children.flatMap((c) => c.all(className))];
	}
}

const elements = new Map();
const byId = (id) => elements.get(id) || elements.set(id, new Element(id)).get(id);
const store = new Map();
const page = {
	document: { getElementById: byId, createElement: (tag) => new Element(tag) },
	location: { hash: '#token=' + encodeURIComponent(token), pathname: '/', origin: base },
	history: { replaceState() {} },
	sessionStorage: {
		getItem: (k) => store.get(k) ?? null, setItem: (k, v) => store.set(k, v),
		removeItem: (k) => store.delete(k),
	},
	fetch: (path, options) => fetch(base + path, options),
	setInterval() {}, URLSearchParams, console, Date,
};
vm.runInNewContext(await readFile(new URL('../../api/dashboard/app.js', import.meta.url), 'utf8'), page);
for (const until = Date.now() + 10000; !byId('trades').told;) {
	if (Date.now() > until || byId('message').text) throw new Error('no trades: ' + byId('message').text);
	await new Promise((done) => setTimeout(done, 20));
}
console.log(JSON.stringify({
	trades: byId('trades').children.map((row) => row.children.map((cell) => cell.textContent)),
	warnings: byId('bots').all('warning').map((e) => e.textContent),
}));
