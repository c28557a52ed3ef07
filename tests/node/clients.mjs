/*
 * Clients made by generators from the API's description, compiled without casts, each of
 * which runs a session.
 *
 *	node clients.mjs DESCRIPTION.json URL TOKEN FOLDER
 *
 * FOLDER is made. Exit code 1, and what went wrong on stdout, when a generator fails, a client
 * does not compile, or its session fails.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const [, , description, url, token, folder] = process.argv;

function run(what, ...args) {
	const done = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

	if (done.status === 0) return done.stdout;
	console.log(`${what} failed:\n${done.stdout}\n${done.stderr}`);
	process.exit(1);
}

const tool = (name) => path.join(here, 'node_modules', name);

fs.cpSync(path.join(here, 'clients'), folder, { recursive: true });
fs.symlinkSync(path.join(here, 'node_modules'), path.join(folder, 'node_modules'));
run('openapi-typescript', tool('openapi-typescript/bin/cli.js'), description,
	'-o', 'made/plain.ts');
run('@hey-api/openapi-ts', tool('@hey-api/openapi-ts/bin/index.cjs'), '-i', description,
	'-o', 'made/hey', '-c', '@hey-api/client-fetch', '-p', '@hey-api/typescript',
	'@hey-api/sdk', 'zod');
run('tsc', tool('typescript/bin/tsc'), '-p', '.');
for (const name of ['plain', 'hey'])
	process.stdout.write(run(name, `out/${name}.js`, url, token));
