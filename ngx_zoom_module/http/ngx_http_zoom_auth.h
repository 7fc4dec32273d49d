/*
 * Who may call: zoom_authenticate.  Lines of proofs; all proofs of a line must
 * hold, any one line suffices.
 */

#ifndef _NGX_HTTP_ZOOM_AUTH_H_INCLUDED_
#define _NGX_HTTP_ZOOM_AUTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_once.h"
#include "ngx_http_zoom_proof.h"
#include "ngx_http_zoom_replay.h"
#include "zoom_error.h"
#include "zoom_json.h"


/* What is known of a request's caller; all zero at the beginning. */

typedef struct {
    const void                  *checked;    /* the configuration for which
                                                the header has been */
    const ngx_array_t           *lines;      /* its zoom_authenticate */
    ngx_int_t                    verdict;    /* of the header */
    u_char                      *alive;      /* by line */
    ngx_http_zoom_webhook_t     *webhook;    /* NULL: not looked at */
    const char                  *why;        /* nothing holds, if known */

    ngx_str_t                    caller;
    ngx_str_t                    scheme;
    uint32_t                     who;        /* takes turns; 0: not known */
    ngx_str_t                    before;     /* caller of an earlier handler,
                                                a cached map may know it */

    ngx_http_zoom_reserved_t     id;         /* of a webhook */
    ngx_http_zoom_reserved_t    *signatures; /* likewise, NULL: none yet */
    ngx_http_zoom_reserved_t     body;       /* that Attendee signed */

    ngx_http_zoom_once_t        *once;       /* these for all hosts, or NULL */
    ngx_uint_t                   line;       /* that holds */

    unsigned                     signed_body:1;  /* as Attendee signs it */
    unsigned                     used_id:1;  /* by this request */
    unsigned                     used_body:1;
} ngx_http_zoom_auth_t;


/*
 * First, with the header alone: which of the lines can still hold.  Overwrites
 * the secrets in the request's arguments, right or wrong; "args" are those as
 * they were sent.  What is returned is in auth->verdict, too: NGX_OK,
 * NGX_DECLINED if no line is left, NGX_ABORT if a proof was sent twice, or
 * NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_auth_header(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_array_t *lines,
    const ngx_str_t *args);

/* Overwrites the secrets only. */
void ngx_http_zoom_auth_mask(ngx_http_request_t *r, const ngx_array_t *lines);

/*
 * Then, with the body as it came, which is empty for GET: drops the lines whose
 * signature of it does not hold.  ZOOM_OK, or an error with the reason in
 * "*why".
 */

zoom_error_e ngx_http_zoom_auth_raw(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_str_t *body, const char **why);

/* After that: whether a line that may hold signs what a body says. */
ngx_uint_t ngx_http_zoom_auth_signs(const ngx_http_zoom_auth_t *auth);

/*
 * Last, with the body as a callback: the first line that holds, and whose
 * proofs are not used by another request, gives auth->caller, auth->who and
 * auth->scheme, and auth->signed_body if it signs the body as Attendee does.
 * Proofs that are good for one request are reserved for this one.  "doc" is
 * NULL where there is no body.  ZOOM_OK, or an error with the reason in "*why".
 */

zoom_error_e ngx_http_zoom_auth_body(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_str_t *body,
    const zoom_json_doc_t *doc, const char **why);

/*
 * Both steps for a request whose body is not read: a proof in a body does not
 * count.
 */
zoom_error_e ngx_http_zoom_auth_bodiless(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const char **why);

/*
 * To be called first where the arguments matter: drops the lines whose only
 * proof is a webhook's signature, which does not cover them. 1 if a line is
 * left.
 */

ngx_uint_t ngx_http_zoom_auth_distrust_webhooks(ngx_http_zoom_auth_t *auth);

/*
 * The caller that a refused request seems to come from: the only one for which
 * all proofs were sent, though wrong.  Empty if there is none, or more than
 * one.
 */

void ngx_http_zoom_auth_suspect(ngx_http_request_t *r,
    const ngx_http_zoom_auth_t *auth, const ngx_str_t *args,
    ngx_str_t *caller);


#endif /* _NGX_HTTP_ZOOM_AUTH_H_INCLUDED_ */
