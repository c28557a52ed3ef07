/*
 * Holds workflows and Kubernetes manifests against the public schemas.
 *
 *	node delivery.mjs workflow FILE...
 *	node delivery.mjs kubernetes FILE...
 *	node delivery.mjs json FILE...		prints the documents as a JSON array
 *
 * Prints one line per finding; exit code 1 with any.
 */
import fs from 'node:fs';
import YAML from 'yaml';

const findings = [];
const found = (file, text) => findings.push(`${file}: ${text}`);

function documents(file) {
	const all = YAML.parseAllDocuments(fs.readFileSync(file, 'utf8'), { strict: true, uniqueKeys: true });
	for (const doc of all)
		for (const problem of [...doc.errors, ...doc.warnings]) found(file, problem.message);
	return all.map((doc) => doc.toJS());
}

async function workflow(file) {
	const { default: validator } = await import('@action-validator/core');
	const state = validator.validateWorkflow(fs.readFileSync(file, 'utf8'));
	documents(file);
	for (const e of state.errors) found(file, JSON.stringify(e));
}

/*
 * The schemas say nothing about keys that they do not know, such as a misspelt one: those
 * are the ones that the validator never asks for.
 */
function watched(value, path, unread) {
	if (value === null || typeof value !== 'object') return value;
	const copy = Array.isArray(value) ? [] : {};
	for (const [key, inner] of Object.entries(value)) {
		const at = `${path}/${key}`;
		const shown = watched(inner, at, unread);
		if (Array.isArray(value)) {
			copy.push(shown);
			continue;
		}
		unread.add(at);
		Object.defineProperty(copy, key, { enumerable: true, configurable: true, get: () => {
			unread.delete(at);
			return shown;
		} });
	}
	return copy;
}

async function kubernetes(file) {
	for (const doc of documents(file)) {
		const group = doc.apiVersion.includes('/') ? doc.apiVersion : `${doc.apiVersion}`;
		const name = `${doc.kind} ${doc.metadata && doc.metadata.name}`;
		const model = await import(`kubernetes-models/${group}/${doc.kind}`).catch(() => null);
		if (!model) {
			found(file, `${name}: there is no ${doc.kind} in ${doc.apiVersion}`);
			continue;
		}
		const { validate } = await import(new URL(import.meta.resolve('kubernetes-models')).href)
			.then(() => import(schema(doc)));
		const unread = new Set();
		const data = watched(doc, '', unread);
		if (!validate(data))
			for (const e of validate.errors) found(file, `${name}: ${e.instancePath} ${e.keyword} ${JSON.stringify(e.params)}`);
		for (const path of unread) found(file, `${name}: ${path} is no key of the schema`);
	}
}

/* The compiled schema behind a model. */
function schema(doc) {
	const [group, version] = doc.apiVersion.includes('/') ? doc.apiVersion.split('/') : ['core', doc.apiVersion];
	const capital = (text) => text[0].toUpperCase() + text.slice(1);
	const api = capital(group.split('.')[0]);
	return new URL(`_schemas/IoK8sApi${api}${capital(version)}${doc.kind}.js`, import.meta.resolve('kubernetes-models')).href;
}

const [mode, ...files] = process.argv.slice(2);
if (mode === 'json') {
	console.log(JSON.stringify(files.flatMap(documents)));
} else {
	for (const file of files) await (mode === 'workflow' ? workflow : kubernetes)(file);
	for (const finding of findings) console.log(finding);
	console.log(`${files.length} files, ${findings.length} findings`);
}
process.exit(findings.length ? 1 : 0);
