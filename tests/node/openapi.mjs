/*
 * Holds the API's description and its answers against each other.
 *
 *	node openapi.mjs DESCRIPTION.json ANSWERS.json
 *
 * ANSWERS: [{ "method", "path", "template", "status", "headers", "body", "sent" }, ...];
 * template is the path as the description has it, sent what was sent as JSON body (a
 * body that got a 2xx must be one that the description allows).
 * Prints one line per finding; exit code 1 with any.
 */
import fs from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import core from '@redocly/openapi-core';

const METHODS = ['get', 'put', 'post', 'delete'];
const findings = [];
const found = (text) => findings.push(text);

function resolve(doc, o) {
	return o.$ref ? o.$ref.slice(2).split('/').reduce((at, key) => at[key], doc) : o;
}

async function lint(text) {
	const config = await core.createConfig({
		extends: ['recommended'],
		rules: {
			// /models/upload beside /models/{id}: the literal one wins, as OpenAPI says.
			'no-ambiguous-paths': 'off',
			// Whatever it is, it is ours to serve below "/".
			'no-server-example.com': 'off',
			// Routes that answer 501 are described as such, see checkOperations.
			'operation-2xx-response': 'off',
			'no-invalid-media-type-examples': 'error',
			'no-invalid-schema-examples': 'error',
			'no-invalid-parameter-examples': 'error',
			'operation-operationId-unique': 'error',
			'operation-tag-defined': 'error',
			'tag-description': 'error',
			'parameter-description': 'error',
			'no-unresolved-refs': 'error',
			'no-required-schema-properties-undefined': 'error',
		},
	});
	const problems = await core.lintFromString({ source: text, absoluteRef: 'openapi.json', config });
	for (const p of problems) {
		// 405 belongs to a path, not to an operation: nothing can refer to it.
		if (p.ruleId === 'no-unused-components' && p.message.includes('"MethodNotAllowed"')) continue;
		const where = p.location && p.location[0] ? p.location[0].pointer : '';
		found(`lint: ${p.severity}: ${p.ruleId}: ${p.message} at ${where}`);
	}
}

/*
 * The description lets answers grow; here every member must be described, so objects
 * that list their members are closed.
 */
function closed(o) {
	if (Array.isArray(o)) return o.map(closed);
	if (o === null || typeof o !== 'object') return o;
	const copy = Object.fromEntries(Object.entries(o).map(([k, v]) =>
		[k, k === 'examples' || k === 'example' || k === 'enum' ? v : closed(v)]));
	if (copy.properties && copy.type === 'object' && copy.additionalProperties === undefined)
		copy.additionalProperties = false;
	return copy;
}

function validators(doc) {
	const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false });
	const cache = new Map();

	addFormats(ajv);
	ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
	ajv.addVocabulary(['example', 'components']);
	ajv.addSchema({ $id: 'doc:', components: { schemas: closed(doc.components.schemas) } });
	return (schema, value) => {
		const key = JSON.stringify(schema);
		if (!cache.has(key)) {
			const whole = JSON.parse(key.replaceAll('"#/components/', '"doc:#/components/'));
			cache.set(key, ajv.compile(closed(whole)));
		}
		const validate = cache.get(key);
		return validate(value) ? null : ajv.errorsText(validate.errors, { separator: '; ' });
	};
}

function operations(doc) {
	return Object.entries(doc.paths).flatMap(([path, item]) =>
		METHODS.filter((m) => item[m]).map((m) => ({ name: `${m.toUpperCase()} ${path}`, op: item[m] })));
}

/* An operation has a success, or says that there is no work behind it yet. */
function checkOperations(doc) {
	for (const { name, op } of operations(doc)) {
		const codes = Object.keys(op.responses);
		if (codes.some((c) => c < '300') === codes.includes('501'))
			found(`${name}: must have either a success or 501`);
	}
}

/* Every example is one of what it stands beside. */
function checkExamples(doc, check) {
	for (const [name, schema] of Object.entries(doc.components.schemas)) {
		for (const example of schema.examples || []) {
			const trouble = check({ $ref: `#/components/schemas/${name}` }, example);
			if (trouble) found(`example of ${name}: ${trouble}`);
		}
	}
	for (const { name, op } of operations(doc)) {
		for (const content of Object.values(op.requestBody ? op.requestBody.content : {})) {
			if (content.example === undefined) {
				found(`${name}: its body has no example`);
				continue;
			}
			const trouble = check(content.schema, content.example);
			if (trouble) found(`${name}: example of its body: ${trouble}`);
		}
	}
}

function checkHeaders(where, doc, response, headers, check) {
	for (const [name, ref] of Object.entries(response.headers || {})) {
		const value = headers[name.toLowerCase()];
		if (value === undefined) {
			found(`${where}: there is no header ${name}`);
			continue;
		}
		const schema = resolve(doc, ref).schema;
		const trouble = check(schema, schema.type === 'integer' ? Number(value) : value);
		if (trouble) found(`${where}: header ${name} is ${value}: ${trouble}`);
	}
}

function checkBody(where, response, answer, check) {
	const type = (answer.headers['content-type'] || '').split(';')[0];
	const content = response.content || {};
	const media = content[type] || content['*/*'];

	if (!response.content && !answer.body) return;
	if (!media) {
		found(`${where}: Content-Type ${type} is not described`);
		return;
	}
	let value = answer.body;
	if (type === 'application/json') {
		try {
			value = JSON.parse(value);
		} catch (e) {
			found(`${where}: is no JSON: ${e.message}`);
			return;
		}
	}
	const trouble = check(media.schema, value);
	if (trouble) found(`${where}: ${trouble}: ${answer.body.slice(0, 400)}`);
}

function checkAnswer(doc, byName, answer, check) {
	const where = `${answer.method} ${answer.path} -> ${answer.status}`;
	const op = byName.get(`${answer.method} ${answer.template}`);
	const ref = op ? op.responses[String(answer.status)]
		: answer.status === 405 && { $ref: '#/components/responses/MethodNotAllowed' };

	if (!ref) {
		found(`${where}: ${op ? 'this status' : 'this route'} is not described: ${answer.body.slice(0, 400)}`);
		return;
	}
	const response = resolve(doc, ref);
	checkHeaders(where, doc, response, answer.headers, check);
	checkBody(where, response, answer, check);
	if (answer.status < 300 && answer.sent !== null && op.requestBody) {
		const trouble = check(op.requestBody.content['application/json'].schema, answer.sent);
		if (trouble) found(`${where}: took a body that is not described: ${trouble}`);
	}
}

const text = fs.readFileSync(process.argv[2], 'utf8');
const answers = JSON.parse(fs.readFileSync(process.argv[3], 'utf8'));
const doc = JSON.parse(text);
const check = validators(doc);
const byName = new Map(operations(doc).map(({ name, op }) => [name, op]));

await lint(text);
checkOperations(doc);
checkExamples(doc, check);
for (const answer of answers) checkAnswer(doc, byName, answer, check);
for (const finding of findings) console.log(finding);
console.log(`${answers.length} answers, ${byName.size} operations, ${findings.length} findings`);
process.exit(findings.length ? 1 : 0);
