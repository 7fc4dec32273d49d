/*
 * Who may call: zoom_authenticate.  Lines of proofs; all proofs of a line must
 * hold, any one line suffices.
 */

#ifndef _NGX_HTTP_ZOOM_AUTH_H_INCLUDED_
#define _NGX_HTTP_ZOOM_AUTH_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"
#include "zoom_json.h"


/*
 * First, with the header alone: which lines can still hold.  Overwrites the
 * secrets in the request's arguments, right or wrong.  A handler of the
 * preaccess phase, so that a refusal by another module finds them overwritten;
 * it refuses nothing itself.
 */

ngx_int_t ngx_http_zoom_auth_handler(ngx_http_request_t *r);

/*
 * The context with what was found: ctx->verdict is NGX_OK, NGX_DECLINED if no
 * line is left, NGX_ABORT if a proof was sent twice, or NGX_ERROR.  NULL: no
 * memory.
 */

ngx_http_zoom_ctx_t *ngx_http_zoom_auth_ctx(ngx_http_request_t *r);

/* The same with other lines than the location's. */
ngx_http_zoom_ctx_t *ngx_http_zoom_auth_lines(ngx_http_request_t *r,
    const ngx_array_t *auth);

/*
 * Then, with the body as it came, which is empty for GET: drops the lines whose
 * signature of it does not hold.  ZOOM_OK, or an error with the reason in
 * "*why".
 */

zoom_error_e ngx_http_zoom_auth_raw(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_str_t *body, const char **why);

/*
 * Last, with the body as a callback: the first line that holds, and was not
 * used before, gives ctx->caller and ctx->scheme.  "doc" is NULL where there
 * is no body; "*signed_body" tells if the line signs it as Attendee does.
 * ZOOM_OK, or an error with the reason in "*why".
 */

zoom_error_e ngx_http_zoom_auth_body(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const zoom_json_doc_t *doc,
    ngx_uint_t *signed_body, const char **why);

/* Both, for a request whose body nobody reads: a proof in it is none. */
zoom_error_e ngx_http_zoom_auth_bodiless(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/*
 * Before these, where the arguments matter: drops the lines that have a
 * webhook's signature, which does not cover them, and no proof beside it.  1 if
 * a line is left.
 */

ngx_uint_t ngx_http_zoom_auth_distrust_webhooks(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);


#endif /* _NGX_HTTP_ZOOM_AUTH_H_INCLUDED_ */
