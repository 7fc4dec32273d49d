/*
 * A walk through one of Zoom's lists, page after page, for nobody who waits:
 * behind callbacks and within a bound.  When the token of a page has expired it
 * begins again.
 */

#ifndef _NGX_HTTP_ZOOM_WALK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WALK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_api_call.h"
#include "zoom_users.h"


/* pages of a list, of 300 each if Zoom fills them */
#define NGX_HTTP_ZOOM_WALK_PAGES   1000

#define NGX_HTTP_ZOOM_WALK_REASON  512


typedef struct ngx_http_zoom_walk_s  ngx_http_zoom_walk_t;


struct ngx_http_zoom_walk_s {
    /* Set by the caller, zeroed otherwise; strings live as long as this. */

    ngx_http_zoom_account_t     *account;
    ngx_str_t                    path;       /* encoded, without arguments */
    const char                  *args;       /* "&a=b", or "" */
    const char                  *list;       /* its name in an answer */
    zoom_users_item_pt           item;
    void                       (*again)(ngx_http_zoom_walk_t *walk);
                                             /* what was found is void */
    void                       (*done)(ngx_http_zoom_walk_t *walk);
    void                        *data;       /* of all three */

    /* The result. */

    ngx_uint_t                   failed;     /* "reason" says why */
    time_t                       retry_after;    /* seconds, or 0 */
    u_char                       reason[NGX_HTTP_ZOOM_WALK_REASON];

    /* Its own. */

    ngx_http_zoom_api_call_t    *call;
    zoom_users_page_t            page;
    ngx_uint_t                   pages;
    ngx_uint_t                   restarts;
    uint64_t                     seen[NGX_HTTP_ZOOM_WALK_PAGES];
};


/* "done" is called once, from the event loop, unless it is cancelled. */
void ngx_http_zoom_walk(ngx_http_zoom_walk_t *walk);

/* Harmless when done, or when it was zeroed and never begun. */
void ngx_http_zoom_walk_cancel(ngx_http_zoom_walk_t *walk);


/*
 * An api_call for nobody who waits, with a pool of its own, in which "path" and
 * "body" have to be; NULL: no memory.  Its handler ends it.
 */

ngx_http_zoom_api_call_t *ngx_http_zoom_background_call(
    ngx_http_zoom_account_t *account, const char *method, zoom_label_e label);
void ngx_http_zoom_background_end(ngx_http_zoom_api_call_t *call);


#endif /* _NGX_HTTP_ZOOM_WALK_H_INCLUDED_ */
