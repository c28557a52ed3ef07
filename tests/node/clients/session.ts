/* What the sessions of all clients share. */

declare const console: { log(text: string): void };
declare const process: { argv: string[] };

const bodies: string[] = [];

/* Keeps what was sent. */
export const asked: typeof fetch = async (input, init) => {
	const request = new Request(input, init);

	bodies.push(await request.clone().text());
	return fetch(request);
};

export function must<T>(what: string, answer: { data?: T; error?: unknown; response: Response }): T {
	if (answer.data === undefined)
		throw new Error(`${what}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
	return answer.data;
}

/* The last change sent this one member, and nothing else is different. */
export function report(before: object, after: object, key: string): void {
	const sent = bodies[bodies.length - 1] ?? '';
	const was = new Map(Object.entries(before));
	const changed = Object.entries(after)
		.filter(([k, v]) => JSON.stringify(v) !== JSON.stringify(was.get(k))).map(([k]) => k);

	if (Object.keys(JSON.parse(sent)).join() !== key || changed.join() !== key)
		throw new Error(`sent ${sent}, changed ${changed.join()}`);
}

export async function main(
	name: string, session: (baseUrl: string, token: string) => Promise<void>,
): Promise<void> {
	await session(process.argv[2] ?? '', process.argv[3] ?? '');
	console.log(`${name}: ${bodies.length} requests`);
}
