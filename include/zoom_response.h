/*
 * An answer of Zoom's as the transport hands it over, and what we make of it.
 */

#ifndef ZOOM_RESPONSE_H_INCLUDED
#define ZOOM_RESPONSE_H_INCLUDED


#include "zoom_error.h"
#include "zoom_string.h"


#define ZOOM_RESPONSE_BODY_MAX    65536
#define ZOOM_MESSAGE_MAX        200
#define ZOOM_TRACKING_ID_MAX    64


/*
 * All of it borrowed; headers that were not sent are empty.  HTTP's own form
 * of a date is for the transport to read, which has a parser of its own: "date"
 * is the Date header, "retry_at" a Retry-After of that form, both in seconds
 * since the epoch, and 0 where there is none that can be read.
 */

typedef struct {
    int                   status;
    zoom_str_t            body;
    zoom_str_t            retry_after;
    int64_t               retry_at;
    int64_t               date;
    zoom_str_t            tracking_id;      /* x-zm-trackingid */
    zoom_str_t            rate_type;        /* X-RateLimit-Type */
    zoom_str_t            rate_category;    /* X-RateLimit-Category */
} zoom_response_t;


typedef enum {
    ZOOM_USE = 0,         /* the answer is good */
    ZOOM_REFRESH,         /* the access token is dead: renew it, try again */
    ZOOM_RETRY,           /* later may work */
    ZOOM_FINAL            /* asking again will not help */
} zoom_verdict_e;


typedef struct {
    zoom_verdict_e        verdict;
    zoom_error_e          error;     /* ZOOM_OK with ZOOM_USE */
    int64_t               wait;      /* seconds; ZOOM_RETRY: not before; -1
                                        where Zoom gave no hint */
    int                   code;      /* Zoom's own code, 0 if none */
    const char           *advice;    /* what an operator should do, or NULL */
    int64_t               date_off;  /* how many seconds Zoom's Date is ahead
                                        of "now", where that is more than a
                                        day and it was not believed; else 0 */

    /* Zoom's words, safe for a log: escaped, cut, tokens blanked. */
    unsigned char         message[ZOOM_MESSAGE_MAX + 1];
    unsigned char         tracking_id[ZOOM_TRACKING_ID_MAX + 1];
} zoom_verdict_t;


/* For an app that can't use the grant of Server-to-Server OAuth. */
extern const char  zoom_advice_app_type[];

/*
 * Classifies an answer of the REST API that is no success.  "now" is in
 * seconds since the epoch.  With ZOOM_REFRESH, "error" is the result if a new
 * access token does not help.
 *
 * Zoom's codes are those of its OpenAPI documents and, for the texts and the
 * codes that come under a wrong HTTP status, of its developer forum
 * (docs/protocol.md, "Rate limits" and "Errors of the API").  HTTP 429 is the
 * only reliable sign of a limit.
 */

void zoom_api_classify_error(const zoom_response_t *a, int64_t now,
    zoom_verdict_t *v);

/*
 * Zoom's time: its Date header, or "now" if there is none or it is off by more
 * than a day.  Such a date is a mistake, perhaps a proxy's, and must not
 * decide whether a token lives.
 */

int64_t zoom_response_clock(const zoom_response_t *a, int64_t now);

/*
 * Steps that every classifier shares: start with ZOOM_USE and what "a" tells
 * in any case, then set the rest.
 */

void zoom_verdict_init(zoom_verdict_t *v, const zoom_response_t *a,
    int64_t now);
void zoom_verdict_set(zoom_verdict_t *v, zoom_verdict_e verdict,
    zoom_error_e error, const char *advice);
void zoom_verdict_words(zoom_verdict_t *v, zoom_str_t words);

/*
 * Makes foreign text fit for a log: control and non-ASCII bytes become \xHH,
 * quotes and backslashes are escaped, runs of 20 and more token characters
 * (base64url and dots) become "***", unless they are plain words joined by
 * "_", "-" or "." as in a scope's name; the result is cut at size - 1 bytes,
 * never inside an escape, and zero-terminated.
 */

void zoom_message_clean(unsigned char *dst, size_t size, zoom_str_t text);


#endif /* ZOOM_RESPONSE_H_INCLUDED */
