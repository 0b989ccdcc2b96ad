// Generates src/api/schema.d.ts from the committed openapi.json, which is the
// output of `ringcard openapi`. Paths are stored without the /api/v1 prefix.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const root = new URL('../', import.meta.url);
const document = JSON.parse(await readFile(new URL('openapi.json', root), 'utf8'));
document.paths = Object.fromEntries(
  Object.entries(document.paths).map(([path, item]) => [path.replace(/^\/api\/v1(?=\/)/, ''), item]),
);
const ast = await openapiTS(document, { alphabetize: true });
await writeFile(new URL('src/api/schema.d.ts', root), astToString(ast));
