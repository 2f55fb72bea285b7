#ifndef CTOML_H
#define CTOML_H

#include <stddef.h>
#include <stdint.h>

/* A TOML 1.0 document as a flat list of nodes with positions. Parsing is toml++'s; no exception crosses this boundary.
   Every text is UTF-8 with a length, lives as long as its document, and may hold any byte, 0 included. */

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ctoml_kind {
    CTOML_TABLE = 0,
    CTOML_ARRAY = 1,
    CTOML_STRING = 2,
    CTOML_INTEGER = 3,
    CTOML_FLOAT = 4,
    CTOML_BOOLEAN = 5,
    CTOML_DATE_TIME = 6
} ctoml_kind;

typedef struct ctoml_node {
    int32_t parent;      /* index of the table or array that holds this node; -1 for the root, which is node 0 */
    int32_t kind;        /* a ctoml_kind */
    const char *key;     /* the key in a table; empty in an array */
    size_t key_length;
    const char *text;    /* the value: a string's characters, a number in decimal, true or false; empty for the rest */
    size_t text_length;
    uint32_t line;       /* of the value, from 1; 0 if the parser does not tell */
    uint32_t column;     /* in characters, from 1; 0 if the parser does not tell */
    uint32_t key_line;
    uint32_t key_column;
} ctoml_node;

typedef struct ctoml_error {
    const char *message; /* ends with a 0 byte, too */
    size_t message_length;
    uint32_t line;
    uint32_t column;
} ctoml_error;

typedef struct ctoml_document ctoml_document;

/* Parses a document. NULL only when there is no memory. Free what it returns, parsed or not, with ctoml_free. */
ctoml_document *ctoml_parse(const char *bytes, size_t length);

/* Whether the document was parsed; if not, fills in error. */
int ctoml_is_parsed(const ctoml_document *document, ctoml_error *error);

/* The number of nodes: 0 if the document was not parsed, else at least 1. A parent comes before its children, and
   children in the order of the file where the parser tells positions. */
size_t ctoml_count(const ctoml_document *document);

/* Fills in node and returns 1, or returns 0 if there is no such node. */
int ctoml_node_at(const ctoml_document *document, size_t index, ctoml_node *node);

void ctoml_free(ctoml_document *document);

#ifdef __cplusplus
}
#endif

#endif
