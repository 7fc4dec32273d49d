/*
 * Proofs that are good for one time: whether other hosts have had them.
 */

#ifndef _NGX_HTTP_ZOOM_PROVEN_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PROVEN_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * For a request whose proofs hold and are reserved in the zone: whether they
 * are to be reserved for all hosts, too, which takes the store's time.
 */

#define ngx_http_zoom_proven_due(ctx)                                         \
    ((ctx)->auth.once && ngx_http_zoom_once_due((ctx)->auth.once))

/*
 * Reserves them.  If another host has had them "prove" looks for another line
 * that holds.  NGX_OK: the store is away, and they hold; NGX_AGAIN: the handler
 * will be called from the event loop, unless the request goes.
 */

ngx_int_t ngx_http_zoom_proven_ask(ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_prove_pt prove, ngx_http_zoom_proven_pt handler);

/*
 * Likewise, where it is due, and then calls "done", at once or later; or fails
 * the request.  r->main->count has been raised.
 */

void ngx_http_zoom_proven(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_prove_pt prove, ngx_http_zoom_done_pt done);


#endif /* _NGX_HTTP_ZOOM_PROVEN_H_INCLUDED_ */
