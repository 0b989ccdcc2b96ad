// Renders /api/openapi.json without any foreign code: the page must work in an
// office network without the Internet, and under our content security policy.
'use strict';

const element = (name, props = {}, ...children) => {
  const node = Object.assign(document.createElement(name), props);
  node.append(...children);
  return node;
};

const refName = (schema) => schema.$ref?.split('/').pop();

// shape writes a schema as a short text: {name: string, phones: [Phone]}.
const shape = (schema, schemas, depth = 0) => {
  if (!schema) return '';
  const name = refName(schema);
  if (name) return depth === 0 ? `${name} ${shape(schemas[name], schemas, 1)}` : name;
  if (schema.anyOf) return schema.anyOf.map((s) => shape(s, schemas, depth + 1)).join(' | ');
  if (schema.enum) return schema.enum.map((v) => JSON.stringify(v)).join(' | ');
  const type = [schema.type].flat();
  if (type.includes('array')) return `[${shape(schema.items, schemas, depth + 1)}]`;
  if (type.includes('object') && schema.properties) {
    const required = new Set(schema.required ?? []);
    const pad = '  '.repeat(depth || 1);
    const lines = Object.entries(schema.properties).map(([key, value]) => {
      const note = value.description ? `  // ${value.description}` : '';
      return `${pad}${key}${required.has(key) ? '' : '?'}: ${shape(value, schemas, depth + 1)}${note}`;
    });
    return `{\n${lines.join('\n')}\n${'  '.repeat((depth || 1) - 1)}}`;
  }
  return type.join(' | ') + (schema.format ? ` (${schema.format})` : '');
};

const section = (title, content) => element('div', {}, element('h4', { textContent: title }), content);

const describe = (method, path, op, schemas) => {
  const box = element('div');
  if (op.description) box.append(element('p', { textContent: op.description }));
  if (op.parameters?.length) {
    const rows = op.parameters.map((p) => element('tr', {},
      element('td', {}, element('code', { textContent: p.name + (p.required ? '' : '?') })),
      element('td', { textContent: p.in }),
      element('td', { textContent: shape(p.schema, schemas, 1) }),
      element('td', { textContent: p.description ?? '' })));
    box.append(section('Parameters', element('table', {}, element('tbody', {}, ...rows))));
  }
  const input = op.requestBody?.content?.['application/json']?.schema;
  if (input) box.append(section('Body', element('pre', { textContent: shape(input, schemas) })));
  for (const [status, response] of Object.entries(op.responses ?? {})) {
    const output = Object.values(response.content ?? {})[0]?.schema;
    if (status === 'default') continue;
    box.append(section(`${status} ${response.description ?? ''}`,
      output ? element('pre', { textContent: shape(output, schemas) }) : element('p', { textContent: 'no body' })));
  }
  return element('details', { id: op.operationId },
    element('summary', {},
      element('span', { className: 'method', textContent: method.toUpperCase() }),
      element('code', { textContent: path }), ` — ${op.summary ?? ''}`),
    box);
};

const render = (doc) => {
  const base = doc.servers?.[0]?.url ?? '';
  const schemas = doc.components?.schemas ?? {};
  const byTag = new Map();
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const [method, op] of Object.entries(item)) {
      const tag = op.tags?.[0] ?? 'Other';
      if (!byTag.has(tag)) byTag.set(tag, []);
      byTag.get(tag).push(describe(method, base + path, op, schemas));
    }
  }
  const main = document.getElementById('operations');
  main.replaceChildren(...[...byTag].map(([tag, list]) =>
    element('section', {}, element('h2', { textContent: tag }), ...list)));
  document.getElementById('filter').addEventListener('input', (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const item of main.querySelectorAll('details')) {
      item.hidden = !item.querySelector('summary').textContent.toLowerCase().includes(wanted);
    }
  });
};

fetch('/api/openapi.json')
  .then((response) => response.json())
  .then(render)
  .catch((error) => {
    document.getElementById('operations').textContent = `The document could not be read: ${error.message}`;
  });
