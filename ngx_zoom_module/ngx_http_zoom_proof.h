/*
 * The proofs that a line of zoom_authenticate is made of, one by one.
 */

#ifndef _NGX_HTTP_ZOOM_PROOF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PROOF_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"
#include "zoom_hmac.h"
#include "zoom_json.h"


#define NGX_HTTP_ZOOM_SIGNATURE       "x-webhook-signature"

#define NGX_HTTP_ZOOM_AUTH_NAME_MAX    64
#define NGX_HTTP_ZOOM_AUTH_SECRET_MIN  8


typedef enum {
    NGX_HTTP_ZOOM_AUTH_ATTENDEE = 0,
    NGX_HTTP_ZOOM_AUTH_WEBHOOKS,
    NGX_HTTP_ZOOM_AUTH_ARG,
    NGX_HTTP_ZOOM_AUTH_HEADER,
    NGX_HTTP_ZOOM_AUTH_OFF
} ngx_http_zoom_scheme_e;


typedef struct {
    ngx_uint_t                   scheme;
    ngx_str_t                    name;       /* of the argument or header */
    ngx_str_t                    secret;     /* of an argument or header */
    const zoom_hmac_t           *key;        /* of a signature */
} ngx_http_zoom_proof_t;


typedef struct {
    ngx_array_t                  proofs;     /* ngx_http_zoom_proof_t */
    ngx_str_t                    caller;
    unsigned                     attendee:1; /* has such a proof */
    unsigned                     webhooks:1;
} ngx_http_zoom_auth_line_t;


/* Names as in zoom_authenticate, by scheme. */
extern ngx_str_t  ngx_http_zoom_schemes[];


/*
 * Reads a scheme as it stands in zoom_authenticate; a header's name is put in
 * lower case where it lies.  NULL, or why not: "has ...", or an empty text if
 * it is none at all.
 */

const char *ngx_http_zoom_proof_scheme(ngx_http_zoom_proof_t *proof,
    ngx_str_t *text);

/*
 * Takes the secret, of which a signature needs the key only: that goes into
 * "key", and the secret is left out of "proof".  NULL, or why it is of no use:
 * "is ...".
 */

const char *ngx_http_zoom_proof_secret(ngx_http_zoom_proof_t *proof,
    const ngx_str_t *secret, zoom_hmac_t *key);

/*
 * With the header alone: NGX_OK if the proof holds or still can, NGX_DECLINED
 * if not, NGX_ABORT if it was sent twice, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_proof_header(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_proof_t *proof);

/*
 * The signature of a body: NGX_OK, NGX_DECLINED or NGX_ERROR.  "scratch" needs
 * room for the body and the length that is named here.
 */

#define NGX_HTTP_ZOOM_PROOF_SCRATCH                                           \
    (ZOOM_STDWEBHOOKS_ID_MAX + ZOOM_STDWEBHOOKS_TIMESTAMP_MAX + 2)

ngx_int_t ngx_http_zoom_proof_raw(ngx_http_zoom_ctx_t *ctx,
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
