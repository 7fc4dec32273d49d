/*
 * Zoom lets each user create and change so many meetings and webinars a day:
 * docs/protocol.md, "Rate limits".  They are counted here, so that what is too
 * much is refused before Zoom does.
 */

#ifndef _NGX_HTTP_ZOOM_WRITES_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WRITES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_worker_account.h"
#include "zoom_endpoint.h"
#include "zoom_path.h"


#define NGX_HTTP_ZOOM_WRITES_MAX  100


/* A request that may be one of them; all zero: it is none. */

typedef struct {
    ngx_http_zoom_zone_t        *zone;       /* NULL: it is none */
    uint64_t                     user;       /* a hash */
    uint32_t                     day;
    unsigned                     taken:1;
} ngx_http_zoom_writes_t;


/*
 * Whose it is: of the user whose access token it has, if "user" is not empty;
 * of the one that the path names; or else of the meeting or webinar, since
 * nobody knows whose that is.  "endpoint" may be NULL.
 */

void ngx_http_zoom_writes_init(ngx_http_zoom_writes_t *w,
    const ngx_http_zoom_worker_account_t *wa, const zoom_endpoint_t *endpoint,
    const zoom_path_t *path, const ngx_str_t *user);

/* 0: it may go, and is counted; else the seconds until it may. */
time_t ngx_http_zoom_writes_take(ngx_http_zoom_writes_t *w);

/* Zoom never saw it.  Harmless if it was not taken, or given back. */
void ngx_http_zoom_writes_give_back(ngx_http_zoom_writes_t *w);


#endif /* _NGX_HTTP_ZOOM_WRITES_H_INCLUDED_ */
