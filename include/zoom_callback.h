/*
 * A platform's callback: docs/protocol.md, "Callbacks".
 */

#ifndef ZOOM_CALLBACK_H_INCLUDED
#define ZOOM_CALLBACK_H_INCLUDED


#include "zoom_json.h"
#include "zoom_string.h"


/* 64 KiB and more are too much */
#define ZOOM_CALLBACK_BODY_MAX  65535
#define ZOOM_CALLBACK_URL_MAX   2048


typedef struct {
    zoom_str_t            name;      /* decoded */
    zoom_str_t            value;     /* decoded; only strings are kept */
} zoom_metadata_t;


typedef struct {
    zoom_str_t            bot_id;        /* empty where it was not sent */
    zoom_str_t            meeting_url;   /* likewise */
    const char           *no_meeting;    /* why what was sent is not kept */
    const char           *left_out;      /* what else is not kept, and why */
    unsigned              nmetadata;
    unsigned              typed:1;       /* had a callback_type */
    zoom_metadata_t       metadata[];
} zoom_callback_t;


/*
 * Bytes of memory that the callback of a scanned body takes.  A zeroed
 * zoom_callback_t stands for a callback that says nothing.
 */

size_t zoom_callback_size(const zoom_json_doc_t *doc);


/*
 * Reads a callback out of a scanned body into zoom_callback_size() bytes.
 * Strings point into the body, those with escapes are decoded into "b", which
 * needs room for doc->escaped bytes; both must live as long as
 * "cb".  NULL on success, else why it is no callback (400 bad_callback):
 * not an object, or a callback_type other than "zoom_tokens".  There may be as
 * many members as the scanner lets by.  Unknown ones are ignored; a null counts
 * as not sent, and so does what is of no use: a token may need nothing of it.
 * "no_meeting" and "left_out" tell of that, for the log.  Of numbers the
 * spelling is taken.  A meeting_number (MeetStream) stands in for a meeting_url
 * that was not sent.
 */

const char *zoom_callback_read(zoom_callback_t *cb,
    const zoom_json_doc_t *doc, zoom_buf_t *b);

/* Takes a bot's id.  One with control characters is left out. */

void zoom_callback_is(zoom_callback_t *cb, zoom_str_t id);

/*
 * Takes a meeting's link or number, without line ends and tabs around it.  One
 * over 2,048 bytes or with control characters in it is not kept.
 */

void zoom_callback_meet(zoom_callback_t *cb, zoom_str_t meeting);

/*
 * The metadata member that $zoom_metadata_NAME means: ASCII case ignored, "-"
 * and "." in a member's name read as "_".  NULL if none or more than one
 * matches.
 */

const zoom_str_t *zoom_callback_metadata(const zoom_callback_t *cb,
    zoom_str_t name);


#endif /* ZOOM_CALLBACK_H_INCLUDED */
