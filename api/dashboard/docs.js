/* Shows /api/v1/openapi.json. Texts are set as text, never as HTML. */
'use strict';

const METHODS = ['get', 'post', 'put', 'delete'];
let doc;

function el(tag, text, className) {
	const e = document.createElement(tag);
	if (text !== undefined) e.textContent = text;
	if (className) e.className = className;
	return e;
}

function resolve(o) {
	if (!o || !o.$ref) return o;
	return o.$ref.slice(2).split('/').reduce((at, key) => at[key], doc);
}

function link(ref) {
	const name = ref.slice(ref.lastIndexOf('/') + 1);
	const a = el('a', name);
	a.href = '#object-' + name;
	return a;
}

/* A schema in a few words: "integer or null, 1 to 500", "list of Order". */
function words(schema, into) {
	if (schema.$ref) {
		into.append(link(schema.$ref));
	} else if (schema.anyOf && !schema.type) {
		schema.anyOf.forEach((s, i) => {
			if (i) into.append(' or ');
			words(s, into);
		});
	} else if (schema.items) {
		into.append('list of ');
		words(schema.items, into);
	} else if (schema.enum) {
		into.append(schema.enum.map((v) => v === '' ? '""' : String(v)).join(', '));
	} else {
		into.append([].concat(schema.type || 'anything').join(' or '));
	}
	if (schema.format) into.append(' (' + schema.format + ')');
	if (schema.maximum !== undefined) into.append(', ' + schema.minimum + ' to ' + schema.maximum);
	else if (schema.minimum !== undefined) into.append(', from ' + schema.minimum);
	if (schema.maxLength !== undefined) into.append(', up to ' + schema.maxLength + ' characters');
	if (schema.default !== undefined) into.append('; default ' + JSON.stringify(schema.default));
	return into;
}

function table(rows) {
	const t = el('table');
	for (const [name, schema, help, required] of rows) {
		const tr = t.insertRow();
		tr.insertCell().append(el('code', name));
		words(schema, tr.insertCell());
		tr.insertCell().textContent = (required ? 'Required. ' : '') + (help || '');
	}
	return t;
}

function members(schema) {
	const required = schema.required || [];
	return table(Object.entries(schema.properties || {}).map(([name, s]) =>
		[name, s, s.description, schema.additionalProperties === false && required.includes(name)]));
}

function example(value) {
	const p = el('pre');
	p.append(el('code', JSON.stringify(value, null, 2)));
	return p;
}

function parameters(op, into) {
	const list = (op.parameters || []).map(resolve);
	if (!list.length) return;
	into.append(el('h3', 'Parameters'), table(list.map((p) =>
		[p.name, p.schema, p.in + '. ' + (p.description || ''), p.required])));
}

function requestBody(op, into) {
	if (!op.requestBody) return;
	const content = Object.entries(op.requestBody.content)[0];
	const schema = content[1].schema;
	into.append(el('h3', 'Body, ' + content[0]));
	if (schema.$ref) into.append(link(schema.$ref));
	else into.append(members(schema));
	if (content[1].example !== undefined) into.append(example(content[1].example));
}

function responses(op, into) {
	const t = el('table');
	for (const [code, ref] of Object.entries(op.responses)) {
		const r = resolve(ref);
		const tr = t.insertRow();
		tr.insertCell().append(el('code', code));
		const what = tr.insertCell();
		const content = Object.values(r.content || {})[0];
		if (content) words(content.schema, what);
		tr.insertCell().textContent = r.description;
	}
	into.append(el('h3', 'Answers'), t);
}

function route(path, method, op) {
	const d = el('details');
	const s = el('summary');
	s.append(el('span', method.toUpperCase(), 'method'), el('code', path), ' ' + op.summary + ' ',
		el('span', op['x-role'], 'role'));
	if (op.responses['501']) s.append(' ', el('span', 'not yet', 'later'));
	d.append(s);
	d.dataset.words = [method, path, op.summary, op['x-role'], op.operationId].join(' ').toLowerCase();
	d.addEventListener('toggle', () => {
		if (!d.open || d.children.length > 1) return;
		const body = el('div', undefined, 'body');
		if (op.description) body.append(el('p', op.description));
		parameters(op, body);
		requestBody(op, body);
		responses(op, body);
		d.append(body);
	});
	return d;
}

function showRoutes() {
	for (const tag of doc.tags) {
		const section = el('section');
		section.append(el('h2', tag.name), el('p', tag.description));
		for (const [path, item] of Object.entries(doc.paths)) {
			for (const method of METHODS) {
				if (item[method] && item[method].tags.includes(tag.name))
					section.append(route(path, method, item[method]));
			}
		}
		document.getElementById('routes').append(section);
	}
}

function showSchemas() {
	for (const [name, schema] of Object.entries(doc.components.schemas)) {
		const d = el('details');
		const s = el('summary');
		s.append(el('code', name), ' ' + (schema.description || ''));
		d.id = 'object-' + name;
		d.dataset.words = name.toLowerCase();
		d.append(s, members(schema));
		if (schema.examples) d.append(example(schema.examples[0]));
		document.getElementById('schemas').append(d);
	}
}

function filter() {
	const wanted = document.getElementById('filter').value.toLowerCase().split(/\s+/);
	let n = 0;
	for (const d of document.querySelectorAll('details')) {
		d.hidden = !wanted.every((w) => d.dataset.words.includes(w));
		n += !d.hidden && d.parentElement.id !== 'schemas';
	}
	for (const s of document.querySelectorAll('#routes section'))
		s.hidden = !s.querySelector('details:not([hidden])');
	document.getElementById('message').textContent = n + ' routes';
}

/* A link to an object opens it, also when the filter hides it. */
function openTarget() {
	const d = document.getElementById(location.hash.slice(1));
	if (!d) return;
	d.hidden = false;
	d.open = true;
	d.scrollIntoView();
}

async function start() {
	doc = await (await fetch('/api/v1/openapi.json')).json();
	document.getElementById('title').textContent = doc.info.title + ' API ' + doc.info.version;
	document.getElementById('about').textContent = 'OpenAPI ' + doc.openapi;
	showRoutes();
	showSchemas();
	document.getElementById('filter').addEventListener('input', filter);
	window.addEventListener('hashchange', openTarget);
	filter();
	openTarget();
}

start().catch((e) => {
	document.getElementById('message').textContent = 'The description can\'t be read: ' + e.message;
});
