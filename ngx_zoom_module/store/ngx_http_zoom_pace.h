/*
 * Limits that all hosts keep together: a clock for each of them in the store,
 * which hands out slots in small runs.  A host says what it wants and what has
 * become of the slots that it had, and is told when the next ones are due.
 *
 * Slots lie evenly on the store's clock, a window's width divided by the number
 * of requests apart, and each counts from when its request arrived at Zoom at
 * the latest; while that is not known, from a quarter of the width after it
 * was due.  So the store sees what Zoom may see, and moves slots away from a
 * window that is full.  A slot that was not used counts no more.
 *
 * The hosts that the store has not seen for three seconds keep their parts by
 * themselves, and those parts are not handed out.
 *
 * Times are microseconds.
 */

#ifndef _NGX_HTTP_ZOOM_PACE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PACE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_run.h"


#define NGX_HTTP_ZOOM_PACE_NAME   128        /* of a limit in the store */

/* What has become of so many slots is told at once. */

#define NGX_HTTP_ZOOM_PACE_FATES  64

/* "at" is on the host's clock. */

typedef struct {
    int64_t                      stamp;      /* of the slot */
    int64_t                      at;         /* its request had arrived by
                                                then */
    unsigned                     unused:1;   /* it was not sent */
} ngx_http_zoom_pace_fate_t;


typedef struct {
    ngx_str_t                    name;       /* of the limit */
    ngx_str_t                    day_name;   /* of a day of several limits */
    uint32_t                     n;          /* requests */
    int64_t                      width;      /* in such a time */
    uint32_t                     day;        /* and in a UTC day; 0: any */
    uint32_t                     days;       /* of several limits; 0: it counts
                                                for itself */
    ngx_uint_t                   want;       /* slots; 0: none */
    ngx_uint_t                   jobs;       /* that wait for some */
    ngx_uint_t                   alone;      /* so much was sent just now that
                                                the store does not know of */
    ngx_uint_t                   hosts;      /* that this one knows of */
    int64_t                      most;       /* that the store's clock may show
                                                now, 0: not known */
    int64_t                      turn;       /* of that clock, the latest that
                                                the host knows of */
    int64_t                      now;        /* on the host's clock */
    const ngx_http_zoom_pace_fate_t *fates;
    ngx_uint_t                   nfates;
} ngx_http_zoom_pace_ask_t;


/* NULL: the store is away, or that clock is of no use. */

typedef void (*ngx_http_zoom_pace_pt)(void *data,
    const zoom_run_answer_t *run);


/*
 * How the store calls the limit of that key; "name->data" has room for
 * NGX_HTTP_ZOOM_PACE_NAME.  NGX_ERROR: no such store, or no memory.
 */

ngx_int_t ngx_http_zoom_pace_name(ngx_str_t *name, const u_char *key,
    size_t len, ngx_uint_t label);

/* Likewise what its heavy and resource-intensive requests count together. */
ngx_int_t ngx_http_zoom_pace_day_name(ngx_str_t *name, const u_char *key,
    size_t len);

/*
 * NGX_OK: the handler, unless NULL, is called once, from the event loop.
 * NGX_AGAIN: nothing is known of the store yet, ask in a few milliseconds.
 * NGX_DECLINED: it is away.
 */

ngx_int_t ngx_http_zoom_pace_ask(const ngx_http_zoom_pace_ask_t *ask,
    ngx_http_zoom_pace_pt handler, void *data);

/* Whether the store is there. */
ngx_uint_t ngx_http_zoom_pace_there(void);


#endif /* _NGX_HTTP_ZOOM_PACE_H_INCLUDED_ */
