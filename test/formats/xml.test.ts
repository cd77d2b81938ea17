import { expect, test } from 'vitest';
import { attribute, childOf, childrenOf, escapeXml, readXml, type XmlElement, xmlFail } from '../../formats/xml.ts';

test('elements have their attributes, their children in order and all their own text', () => {
  const root = readXml('<?xml version="1.0"?>\n<a b="1" c=\'2\'>x<d e="3"/>y<![CDATA[<&]]><f>z</f><d/></a>\n');
  expect(root.name).toBe('a');
  expect([...root.attributes]).toEqual([
    ['b', '1'],
    ['c', '2'],
  ]);
  expect(root.text).toBe('xy<&');
  expect(root.children.map(({ name, text }) => [name, text])).toEqual([
    ['d', ''],
    ['f', 'z'],
    ['d', ''],
  ]);
  expect(childrenOf(root, 'd')).toEqual([root.children[0], root.children[2]]);
  expect(childOf(root, 'd')).toBe(root.children[0]);
  expect(childOf(root, 'g')).toBeUndefined();
});

test('an element is where its tag ends, and so is what is wrong with it', () => {
  const { children } = readXml('<a>\n  <b\n    c="1"/>\n</a>');
  const [b] = children as [XmlElement];
  expect([b.line, b.column]).toEqual([3, 12]); // behind the > of its second line
  expect(attribute(b, 'c')).toBe('1');
  expect(() => attribute(b, 'd')).toThrow(/^line 3, column 12: <b> without d, want it$/);
  expect(() => xmlFail(b, 'c = 1, want 2')).toThrow(/^line 3, column 12: c = 1, want 2$/);
});

test('names that objects have of themselves are names like others', () => {
  const root = readXml('<a __proto__="1" constructor="2" toString="3"><__proto__ hasOwnProperty="4"/></a>');
  expect(['__proto__', 'constructor', 'toString'].map((name) => attribute(root, name))).toEqual(['1', '2', '3']);
  expect(attribute(root.children[0]!, 'hasOwnProperty')).toBe('4');
  expect(() => attribute(root, 'valueOf')).toThrow('<a> without valueOf');
  expect(({} as Record<string, unknown>)['1']).toBeUndefined();
});

test('the five entities of XML and numbers stand for their characters', () => {
  expect(readXml('<a b="&quot;&#65;&#x42;">&lt;&amp;&gt;&apos;</a>')).toMatchObject({ text: `<&>'`, attributes: new Map([['b', '"AB']]) });
  const text = `<&>"'`;
  expect(escapeXml(`Tom & "Jerry's" <b>`)).toBe(`Tom &amp; &quot;Jerry's&quot; &lt;b&gt;`); // numbers hwloc without libxml2 does not know
  expect(readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)).toMatchObject({ text, attributes: new Map([['b', text]]) });
});

test('a document type is passed over, and what it declares is not there', () => {
  expect(readXml('<!DOCTYPE a SYSTEM "hwloc2.dtd">\n<a>b</a>').text).toBe('b');
  const billion = '<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">';
  for (const declared of [billion, '<!ENTITY c SYSTEM "file:///etc/passwd">', '<!ENTITY % c SYSTEM "http://localhost/"> %c;']) {
    expect(readXml(`<!DOCTYPE a [${declared}]><a>d</a>`).text).toBe('d');
    expect(() => readXml(`<!DOCTYPE a [${declared}]><a>&c;</a>`)).toThrow(/^line 1, column \d+: undefined entity, want well-formed XML$/);
  }
});

test.each([
  ['', 'want well-formed XML'],
  ['a', 'want well-formed XML'],
  ['<a>', 'want well-formed XML'],
  ['<a></b>', 'want well-formed XML'],
  ['<a/><b/>', 'want well-formed XML'],
  ['<a b="1" b="2"/>', 'want well-formed XML'],
  ['<a b=1/>', 'want well-formed XML'],
  ['<a>&#0;</a>', 'want well-formed XML'],
  ['<a>\n&#x110000;</a>', 'want well-formed XML'],
])('%j is refused in one line, where it is wrong', (text, said) => {
  expect(() => readXml(text)).toThrow(new RegExp(`^line \\d+, column \\d+: (?!\\d+:\\d+)[^\\n]+, ${said}$`));
});

test('as deep as 256 levels', () => {
  const nested = (levels: number): string => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`;
  expect(readXml(nested(256)).name).toBe('a');
  expect(() => readXml(nested(257))).toThrow(/^line 1, column 772: <a>, want at most 256 levels$/); // 257 tags of 3, and one on
});

test('as many as a million elements', () => {
  expect(readXml(`<a>${'<b/>'.repeat(999_999)}</a>`).children).toHaveLength(999_999);
  expect(() => readXml(`<a>${'<b/>'.repeat(1_000_000)}</a>`)).toThrow('<b>, want at most 1000000 elements');
});

test('a name of any length makes a line that can be read', () => {
  expect(() => readXml(`${'<a>'.repeat(256)}<${'b'.repeat(10_000)}>`)).toThrow(/^[^\n]{1,700} levels$/);
});
