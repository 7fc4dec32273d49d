/*
 * The proofs that a line of zoom_authenticate is made of, one by one.
 */

#ifndef _NGX_HTTP_ZOOM_PROOF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PROOF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_conf.h"
#include "zoom_json.h"
#include "zoom_stdwebhooks.h"


/* A Standard Webhook that came, for all lines that want one. */

typedef struct {
    zoom_stdwebhooks_t           sent;
    int64_t                      at;         /* its timestamp */
    ngx_str_t                    body;       /* that was signed */
    ngx_int_t                    rc;         /* of its header */
    const char                  *why;        /* that, if known */
} ngx_http_zoom_webhook_t;


/*
 * With the header alone: NGX_OK if the proof holds or still can, NGX_DECLINED
 * if not, NGX_ABORT if it was sent twice, or NGX_ERROR.  "args" are the
 * arguments as they were sent; "*webhook" is NULL for the first proof of a
 * request, and made where a proof is a webhook.
 */

ngx_int_t ngx_http_zoom_proof_header(ngx_http_request_t *r,
    const ngx_http_zoom_proof_t *proof, const ngx_str_t *args,
    ngx_http_zoom_webhook_t **webhook);

/*
 * The signature of a body: NGX_OK, NGX_DECLINED or NGX_ERROR.  "scratch" needs
 * room for the body and the length that is named here.
 */

#define NGX_HTTP_ZOOM_PROOF_SCRATCH                                           \
    (ZOOM_STDWEBHOOKS_ID_MAX + ZOOM_STDWEBHOOKS_TIMESTAMP_MAX + 2)

ngx_int_t ngx_http_zoom_proof_raw(const ngx_http_zoom_webhook_t *webhook,
    const ngx_http_zoom_proof_t *proof, const ngx_str_t *body,
    zoom_buf_t *scratch);
ngx_int_t ngx_http_zoom_proof_json(const ngx_http_zoom_proof_t *proof,
    const zoom_json_doc_t *doc, const ngx_str_t *signature,
    zoom_buf_t *scratch);

/*
 * How often a header was sent; "value" is that of the last.  "name" is in
 * lower case.
 */

ngx_uint_t ngx_http_zoom_proof_find(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);


#endif /* _NGX_HTTP_ZOOM_PROOF_H_INCLUDED_ */
