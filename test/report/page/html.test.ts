import { describe, expect, test } from 'vitest';
import { escaped, Html, markup } from '../../../report/page/html.ts';
import { HOSTILE } from './page-fixture.ts';

describe('markup', () => {
  test('escapes what is put in, joins lists, leaves markup and drops null', () => {
    const list = ['<a>', markup`<b title="${'"'}">${1.5}</b>`];
    expect(markup`<p>${list}${null}${new Html('<br>')}</p>`.markup).toBe('<p>&#60;a&#62;<b title="&#34;">1.5</b><br></p>');
  });

  test('lets no name end an element, an attribute or a script, nor turn text round', () => {
    const text = escaped(HOSTILE);
    expect(text).toBe(
      '&#60;/script&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#62;&#60;img src=x onerror=alert(2)&#62;[31m&#38;amp;',
    );
    expect(text).not.toMatch(/[<>"'`\p{Cc}\p{Cf}]/u);
  });
});
