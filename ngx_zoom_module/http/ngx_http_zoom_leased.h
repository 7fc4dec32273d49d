/*
 * A user of a pool is asked for only when no other host has let somebody have
 * it in that meeting.
 */

#ifndef _NGX_HTTP_ZOOM_LEASED_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LEASED_H_INCLUDED_


#include "ngx_http_zoom_again.h"


/*
 * As ngx_http_zoom_ctx_ask(), for what has been planned for the user that was
 * picked: where the others have it, another is picked and asked for as "plan"
 * says, or the request fails.
 */

void ngx_http_zoom_leased_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_plan_pt plan, ngx_http_zoom_done_pt done);


#endif /* _NGX_HTTP_ZOOM_LEASED_H_INCLUDED_ */
