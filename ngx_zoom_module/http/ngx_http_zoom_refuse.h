/*
 * A request that is refused by us, and not by Zoom: whoever runs the platform
 * sees at best that a bot came as a guest, so the log and the counters say it.
 */

#ifndef _NGX_HTTP_ZOOM_REFUSE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REFUSE_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_sampled.h"


/*
 * An error of 4xx: told at "error" once for its location, caller and reason,
 * then every five minutes with a count, and at "info" in between.  "why" may be
 * NULL; no secret is in it.
 */

void ngx_http_zoom_refuse(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why);

/*
 * As a script found it, which may let the request through nevertheless, or try
 * another proof: told at the end if 4xx was the answer.  The first that tells
 * the caller counts; "why" lives as long as the request.
 */

void ngx_http_zoom_refuse_later(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);

/* It was let in after all. */
void ngx_http_zoom_refuse_not(ngx_http_zoom_ctx_t *ctx);

/*
 * Whether the log is to have a line about this location, caller and reason: 0
 * if it has, else for how many requests; 1 without a zone.
 */

uint64_t ngx_http_zoom_refuse_news(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);

/* NULL where there is none. */
ngx_http_zoom_zone_t *ngx_http_zoom_refuse_zone(ngx_http_request_t *r);

/* A line at "info" of a request, of which a flood would bring many. */

#define ngx_http_zoom_info(r, ...)                                            \
    ngx_http_zoom_sampled(ngx_http_zoom_refuse_zone(r),                       \
                          (r)->connection->log, __VA_ARGS__)

/* What to do about such an error. */
const char *ngx_http_zoom_refuse_advice(zoom_error_e error);


#endif /* _NGX_HTTP_ZOOM_REFUSE_H_INCLUDED_ */
