/*
 * The join kit: who wants to join which meeting under what name, and all that
 * ZoomMtg.join() takes (docs/protocol.md, "Meeting SDK").
 */

#ifndef ZOOM_JOIN_H_INCLUDED
#define ZOOM_JOIN_H_INCLUDED


#include "zoom_error.h"
#include "zoom_json.h"
#include "zoom_sdk.h"
#include "zoom_string.h"


#define ZOOM_JOIN_NAME_MAX      64      /* characters */
#define ZOOM_JOIN_PASSCODE_MAX  128     /* bytes, as are those below */
#define ZOOM_JOIN_URL_MAX       2048
#define ZOOM_JOIN_TK_MAX        512

/* always enough for an answer, beside the tokens in it */
#define ZOOM_JOIN_ANSWER_MAX    8192


/* What is asked for; the order of the names in zoom_join_name(). */

typedef enum {
    ZOOM_JOIN_URL = 0,
    ZOOM_JOIN_NUMBER,
    ZOOM_JOIN_PASSCODE,
    ZOOM_JOIN_NAME,
    ZOOM_JOIN_ROLE,

    ZOOM_JOIN_LAST
} zoom_join_e;


typedef struct {
    zoom_str_t            sent[ZOOM_JOIN_LAST];  /* borrowed */

    zoom_str_t            meeting;       /* digits */
    zoom_str_t            passcode;      /* empty: none is known */
    zoom_str_t            name;
    zoom_str_t            tk;            /* of a registrant, from the link */
    zoom_sdk_role_e       role;          /* that was asked for */
} zoom_join_t;


/* "meeting_url", "meeting_number", "passWord", "userName", "role". */
const char *zoom_join_name(zoom_join_e what);

void zoom_join_init(zoom_join_t *join);

/*
 * Takes one value, decoded, of a form or of JSON; nothing is as good as not
 * sent.  It is borrowed: it must live as long as "join".  NULL on success, else
 * why not (400 bad_callback), a predicate without the value and without
 * characters that JSON would escape: not UTF-8;
 * characters that control a line or its direction, also those above U+0080; a
 * name over 64 characters; a passcode over 128 bytes; a link over 2,048; a
 * number that is not 9 to 11 digits, in groups or not; a role that is neither
 * 0 nor 1.
 */

const char *zoom_join_set(zoom_join_t *join, zoom_join_e what,
    zoom_str_t value);

/*
 * Takes all of them out of a scanned body.  Strings are decoded into "b",
 * which needs room for as many bytes as the body has, and must live as long as
 * "join".  meeting_number and role may be numbers, too; a null counts as not
 * sent; unknown members are ignored.  NULL or why not, as above.
 */

const char *zoom_join_read(zoom_join_t *join, const zoom_json_doc_t *doc,
    zoom_buf_t *b);

/*
 * When all is set: which meeting it is, and what the link has beside.  That is
 * written to "b", which needs ZOOM_JOIN_URL_MAX bytes and must live as long
 * as "join".  A passcode that was sent counts more than the link's.  ZOOM_OK,
 * ZOOM_E_NO_MEETING if neither a number nor a link with one was sent,
 * ZOOM_E_BAD_CALLBACK if the link is not one to the meeting of the number;
 * "*why" then tells, as above.
 */

zoom_error_e zoom_join_end(zoom_join_t *join, zoom_buf_t *b,
    const char **why);

/*
 * Appends the answer, a JSON object with the names that ZoomMtg.join() has for
 * them.  "zak" and "obf" are left out where they are empty, "tk" where the link
 * had none.  What a stranger chose is escaped, "<", ">" and "&" as well.
 */

void zoom_join_answer(zoom_buf_t *b, const zoom_join_t *join,
    zoom_sdk_role_e role, zoom_str_t sdk_key, zoom_str_t signature,
    zoom_str_t zak, zoom_str_t obf);


#endif /* ZOOM_JOIN_H_INCLUDED */
