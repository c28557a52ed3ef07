/*
 * text.h - which texts from outside are taken: one set of rules for names, ids, descriptions,
 * whoever sends them.
 *
 * Refused are characters that a reader can't see or that change what he sees (Unicode 15.1):
 * control characters (C0 without the line ends and tab of a text of several lines, DEL, C1 with
 * U+0085), line and paragraph separators (U+2028, U+2029), bidirectional controls (U+061C,
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069; UAX 9), and U+FFFD, which is what a
 * reader of JSON makes of an escaped NUL: "a\u0000" and "a\ufffd" must not become one name.
 * A text of one line must have something to see. Nothing is trimmed: " a" and "a" are two ids.
 */
#ifndef COMMON_REGISTRY_TEXT_H
#define COMMON_REGISTRY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * NULL: v is taken; else what is wrong, going on from a field's name ("must not be blank").
 * lines: it may have several lines, and may be empty. v must be UTF-8.
 */
const char *text_fault(const char *v, bool lines);
/* Only visible ASCII and blanks: a header's value. */
bool text_visible(const char *v);

#endif
