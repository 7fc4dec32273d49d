/*
 * JSON, twice.
 *
 * zoom_json_scan() is our own small scanner for callbacks: the canonical
 * signature keeps the spelling of numbers, which no library does.  It fills a
 * table of nodes of the caller, allocates nothing and does not recurse.
 * Jansson is its oracle in the tests for everything else.
 *
 * zoom_json_load() is Jansson with ceilings, for what Zoom sends us.
 */

#ifndef ZOOM_JSON_H_INCLUDED
#define ZOOM_JSON_H_INCLUDED


#include <jansson.h>

#include "zoom_string.h"


#define ZOOM_JSON_MAX_NODES   4096
#define ZOOM_JSON_MAX_DEPTH   16
#define ZOOM_JSON_NONE        UINT16_MAX

#define ZOOM_JSON_LOAD_MAX    65536
#define ZOOM_JSON_LOAD_DEPTH  32


typedef enum {
    ZOOM_JSON_NULL = 0,
    ZOOM_JSON_FALSE,
    ZOOM_JSON_TRUE,
    ZOOM_JSON_NUMBER,
    ZOOM_JSON_STRING,
    ZOOM_JSON_ARRAY,
    ZOOM_JSON_OBJECT
} zoom_json_e;


/*
 * A value.  "text" is its spelling: a number as written, a string without its
 * quotes and still escaped, an array or object from bracket to bracket.  In an
 * object a member's name stands in "name", likewise escaped.  Children are
 * linked in the order in which they stand in the canonical form: array
 * elements as written, members sorted by the code points of their decoded
 * names.
 */

typedef struct {
    zoom_str_t            text;
    zoom_str_t            name;
    uint16_t              first;     /* first child or ZOOM_JSON_NONE */
    uint16_t              next;      /* next sibling or ZOOM_JSON_NONE */
    uint8_t               type;      /* zoom_json_e */
    uint8_t               escaped;   /* text has a backslash */
    uint8_t               name_escaped;
} zoom_json_node_t;


typedef struct {
    zoom_json_node_t      nodes[ZOOM_JSON_MAX_NODES];
    unsigned              n;         /* nodes[0] is the root */
    size_t                escaped;   /* bytes of all names and strings that
                                        have a backslash */
    zoom_str_t            canonical; /* data NULL: zoom_json_canonical() */
} zoom_json_doc_t;


/*
 * Scans one JSON text (RFC 8259).  NULL on success, else why not, for the
 * log: not JSON, not UTF-8, too deep, too many values, duplicate member, lone
 * surrogate, U+0000 in a string.  Nodes point into "text".  An object of n
 * members costs n log n comparisons of names, n if they come sorted.
 */

const char *zoom_json_scan(zoom_json_doc_t *doc, zoom_str_t text);

/*
 * As above, and writes the canonical form on the way, as long as members come
 * sorted, which is how most senders write them.  "doc->canonical" then is in
 * "b", which needs room for text.len, or in the text if that is canonical.
 */

const char *zoom_json_scan_canonical(zoom_json_doc_t *doc, zoom_str_t text,
    zoom_buf_t *b);

/* The member of an object by its decoded name, or NULL. */
const zoom_json_node_t *zoom_json_member(const zoom_json_doc_t *doc,
    const zoom_json_node_t *object, const char *name);

/*
 * Appends the decoded string (UTF-8) of "raw", the escaped spelling between
 * the quotes as zoom_json_scan() accepted it.  Never longer than "raw".
 */

void zoom_json_decode(zoom_buf_t *b, zoom_str_t raw);

/*
 * Appends the canonical form that Attendee signs (docs/protocol.md,
 * "Attendee's signature"): sorted members, no spaces, raw UTF-8, shortest
 * escapes, numbers as spelled.  Never longer than the text that was scanned.
 */

void zoom_json_canonical(zoom_buf_t *b, const zoom_json_doc_t *doc);

/*
 * Loads an answer of Zoom's: at most 64 KiB, 32 levels, no duplicate members,
 * an object at the top.  NULL if it is anything else; "*why" (may be NULL)
 * then tells for the log.  The caller owns the reference.
 */

json_t *zoom_json_load(zoom_str_t text, const char **why);

/*
 * The same for a list of up to "max" bytes: of a member that is there twice it
 * has the latter, since one user's must not spoil all others.
 */

json_t *zoom_json_load_list(zoom_str_t text, size_t max, const char **why);

/*
 * A number that Zoom may have written as it likes: 3599, 3599.0 or "3599".
 * 1, and the number in "*n"; 0 if "value" is none, or NULL.  json_unpack()
 * and json_integer_value() won't do: for them a real is 0, and the former
 * drops all but the low bits of what is too large.
 */

int zoom_json_double(const json_t *value, double *n);

/*
 * Lets Jansson free what is malloc()'s by "function", in all of the process.
 * Where it has been given others before, these stay.
 */

void zoom_json_free_by(json_free_t function);

/* Overwrites what a string of Jansson's holds.  NULL and others are left. */
void zoom_json_wipe(json_t *string);


#endif /* ZOOM_JSON_H_INCLUDED */
