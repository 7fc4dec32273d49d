/*
 * Who may call: the lines of zoom_authenticate.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_auth_once.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_str.h"


static ngx_int_t ngx_http_zoom_auth_look(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_str_t *args);
static ngx_int_t ngx_http_zoom_auth_line(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_http_zoom_auth_line_t *line,
    const ngx_str_t *args);
static void ngx_http_zoom_auth_mask_args(ngx_http_request_t *r,
    const zoom_hidden_t *hidden, ngx_uint_t n);
static void ngx_http_zoom_auth_mask_secrets(ngx_http_request_t *r,
    const ngx_array_t *lines);
static ngx_int_t ngx_http_zoom_auth_raw_line(
    const ngx_http_zoom_webhook_t *webhook,
    const ngx_http_zoom_auth_line_t *line, const ngx_str_t *body,
    zoom_buf_t *scratch);
static ngx_int_t ngx_http_zoom_auth_scratch(ngx_http_request_t *r,
    const zoom_json_doc_t *doc, const ngx_str_t *body, zoom_buf_t *scratch);
static ngx_int_t ngx_http_zoom_auth_attendee(
    const ngx_http_zoom_auth_line_t *line, const zoom_json_doc_t *doc,
    const ngx_str_t *signature, zoom_buf_t *scratch);
static ngx_uint_t ngx_http_zoom_auth_sent(ngx_http_request_t *r,
    const ngx_http_zoom_auth_t *auth, const ngx_http_zoom_auth_line_t *line,
    const ngx_str_t *args);


ngx_int_t
ngx_http_zoom_auth_header(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_array_t *lines, const ngx_str_t *args)
{
    auth->lines = lines;
    auth->verdict = ngx_http_zoom_auth_look(r, auth, args);

    if (auth->webhook) {
        auth->why = auth->webhook->why;
    }

    ngx_http_zoom_auth_mask(r, lines);

    if (auth->verdict != NGX_OK) {
        ngx_http_zoom_auth_mask_secrets(r, lines);
    }

    return auth->verdict;
}


static ngx_int_t
ngx_http_zoom_auth_look(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_str_t *args)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i, alive;
    const ngx_http_zoom_auth_line_t  *line;

    alive = 0;
    rc = NGX_OK;
    line = auth->lines->elts;

    auth->alive = ngx_pcalloc(r->pool, auth->lines->nelts);
    if (auth->alive == NULL) {
        return NGX_ERROR;
    }

    /* every line is looked at, whichever hold */

    for (i = 0; i < auth->lines->nelts; i++) {
        switch (ngx_http_zoom_auth_line(r, auth, &line[i], args)) {

        case NGX_OK:
            auth->alive[i] = 1;
            alive++;
            break;

        case NGX_DECLINED:
            break;

        case NGX_ABORT:
            rc = (rc == NGX_OK) ? NGX_ABORT : rc;
            break;

        default:
            rc = NGX_ERROR;
        }
    }

    if (rc != NGX_OK) {
        return rc;
    }

    return alive ? NGX_OK : NGX_DECLINED;
}


/* NGX_ABORT: something came twice, the request fails whatever else holds. */

static ngx_int_t
ngx_http_zoom_auth_line(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_http_zoom_auth_line_t *line, const ngx_str_t *args)
{
    ngx_int_t                     rc, failed;
    ngx_uint_t                    i;
    const ngx_http_zoom_proof_t  *proof;

    failed = NGX_OK;
    proof = line->proofs.elts;

    for (i = 0; i < line->proofs.nelts; i++) {
        rc = ngx_http_zoom_proof_header(r, &proof[i], args, &auth->webhook);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_ABORT || failed == NGX_OK) {
            failed = rc;
        }
    }

    return failed;
}


/*
 * The access log and the error log print the request line, and "$args" and
 * "$request_uri" print their own copies under HTTP/2.
 */

void
ngx_http_zoom_auth_mask(ngx_http_request_t *r, const ngx_array_t *lines)
{
    ngx_uint_t                        i, k;
    zoom_hidden_t                     hidden;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_loc_conf_t   *zlcf;
    const ngx_http_zoom_auth_line_t  *line;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (lines == zlcf->auth) {
        ngx_http_zoom_auth_mask_args(r, zlcf->hidden.names, zlcf->hidden.n);
        return;
    }

    ngx_http_zoom_auth_mask_args(r, zlcf->hidden.names, zlcf->hidden.own);

    /* a script's, which are few */

    line = lines->elts;

    for (i = 0; i < lines->nelts; i++) {

        proof = line[i].proofs.elts;

        for (k = 0; k < line[i].proofs.nelts; k++) {

            if (proof[k].scheme == NGX_HTTP_ZOOM_AUTH_ARG) {
                hidden.name = ngx_http_zoom_str(&proof[k].name);
                hidden.number = 0;

                ngx_http_zoom_auth_mask_args(r, &hidden, 1);
            }
        }
    }
}


static void
ngx_http_zoom_auth_mask_args(ngx_http_request_t *r,
    const zoom_hidden_t *hidden, ngx_uint_t n)
{
    if (n == 0) {
        return;
    }

    ngx_http_zoom_args_mask(r, hidden, n);

    if (r != r->main) {
        ngx_http_zoom_args_mask(r->main, hidden, n);
    }
}


/* A secret that was sent, but not where it belongs. */

static void
ngx_http_zoom_auth_mask_secrets(ngx_http_request_t *r,
    const ngx_array_t *lines)
{
    ngx_uint_t                        i, k;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_auth_line_t  *line;

    if (r->args.len == 0) {
        return;
    }

    line = lines->elts;

    for (i = 0; i < lines->nelts; i++) {

        proof = line[i].proofs.elts;

        for (k = 0; k < line[i].proofs.nelts; k++) {

            if (proof[k].scheme == NGX_HTTP_ZOOM_AUTH_ARG
                || proof[k].scheme == NGX_HTTP_ZOOM_AUTH_HEADER)
            {
                ngx_http_zoom_args_mask_secret(r, &proof[k].secret);
            }
        }
    }
}


zoom_error_e
ngx_http_zoom_auth_raw(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_str_t *body, const char **why)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i, alive;
    zoom_buf_t                        scratch;
    const ngx_http_zoom_auth_line_t  *line;

    if (auth->webhook == NULL || auth->webhook->rc != NGX_OK) {
        return ZOOM_OK;
    }

    auth->webhook->body = *body;

    scratch.size = body->len + NGX_HTTP_ZOOM_PROOF_SCRATCH;

    scratch.data = ngx_pnalloc(r->pool, scratch.size);
    if (scratch.data == NULL) {
        goto failed;
    }

    alive = 0;
    line = auth->lines->elts;

    for (i = 0; i < auth->lines->nelts; i++) {

        if (auth->alive[i] && line[i].webhooks) {
            rc = ngx_http_zoom_auth_raw_line(auth->webhook, &line[i], body,
                                             &scratch);

            if (rc == NGX_ERROR) {
                goto failed;
            }

            auth->alive[i] = (rc == NGX_OK);
        }

        alive += auth->alive[i];
    }

    if (alive) {
        return ZOOM_OK;
    }

    *why = "the webhook's signature does not hold";

    return ZOOM_E_UNAUTHENTICATED;

failed:

    *why = "the proofs could not be checked";

    return ZOOM_E_INTERNAL;
}


static ngx_int_t
ngx_http_zoom_auth_raw_line(const ngx_http_zoom_webhook_t *webhook,
    const ngx_http_zoom_auth_line_t *line, const ngx_str_t *body,
    zoom_buf_t *scratch)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    const ngx_http_zoom_proof_t  *proof;

    proof = line->proofs.elts;

    for (i = 0; i < line->proofs.nelts; i++) {

        if (proof[i].scheme != NGX_HTTP_ZOOM_AUTH_WEBHOOKS) {
            continue;
        }

        rc = ngx_http_zoom_proof_raw(webhook, &proof[i], body, scratch);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_auth_signs(const ngx_http_zoom_auth_t *auth)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    line = auth->lines->elts;

    for (i = 0; i < auth->lines->nelts; i++) {
        if (auth->alive[i] && line[i].attendee) {
            return 1;
        }
    }

    return 0;
}


zoom_error_e
ngx_http_zoom_auth_body(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_str_t *body, const zoom_json_doc_t *doc, const char **why)
{
    ngx_int_t                         rc;
    ngx_str_t                         name, signature;
    ngx_uint_t                        i;
    zoom_buf_t                        scratch;
    zoom_error_e                      error;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_auth_line_t  *line;

    error = ZOOM_E_UNAUTHENTICATED;

    *why = doc ? "the signature does not hold"
               : "no \"zoom_authenticate\" holds";

    ngx_str_set(&name, NGX_HTTP_ZOOM_SIGNATURE);
    ngx_str_null(&signature);

    (void) ngx_http_zoom_proof_find(r, &name, &signature);

    if (ngx_http_zoom_auth_scratch(r, doc, body, &scratch) != NGX_OK) {
        goto failed;
    }

    line = auth->lines->elts;

    for (i = 0; i < auth->lines->nelts; i++) {

        if (!auth->alive[i]) {
            continue;
        }

        rc = ngx_http_zoom_auth_attendee(&line[i], doc, &signature, &scratch);

        if (rc == NGX_DECLINED) {
            continue;
        }

        if (rc != NGX_OK) {
            goto failed;
        }

        /* a line whose proof was used before does not hold */

        rc = ngx_http_zoom_auth_once(r, auth, &line[i], &signature);

        if (rc == NGX_ERROR) {
            goto failed;
        }

        if (rc != NGX_OK) {
            error = (rc == NGX_BUSY) ? ZOOM_E_OVERLOADED : ZOOM_E_REPLAYED;
            *why = (rc == NGX_AGAIN) ? "another request with the same proof "
                                       "is being answered" : NULL;
            continue;
        }

        proof = line[i].proofs.elts;

        auth->line = i;
        auth->caller = line[i].caller;
        auth->who = line[i].who;
        auth->scheme = ngx_http_zoom_schemes[proof->scheme];
        auth->signed_body = line[i].attendee;

        return ZOOM_OK;
    }

    return error;

failed:

    *why = "the proofs could not be checked";

    return ZOOM_E_INTERNAL;
}


/* For the canonical form, where it is not known yet. */

static ngx_int_t
ngx_http_zoom_auth_scratch(ngx_http_request_t *r, const zoom_json_doc_t *doc,
    const ngx_str_t *body, zoom_buf_t *scratch)
{
    scratch->data = NULL;
    scratch->size = 0;

    if (doc == NULL || doc->canonical.data) {
        return NGX_OK;
    }

    scratch->size = body->len + 1;
    scratch->data = ngx_pnalloc(r->pool, scratch->size);

    return scratch->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_zoom_auth_attendee(const ngx_http_zoom_auth_line_t *line,
    const zoom_json_doc_t *doc, const ngx_str_t *signature,
    zoom_buf_t *scratch)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    const ngx_http_zoom_proof_t  *proof;

    if (!line->attendee) {
        return NGX_OK;
    }

    if (doc == NULL) {
        return NGX_DECLINED;
    }

    proof = line->proofs.elts;

    for (i = 0; i < line->proofs.nelts; i++) {

        if (proof[i].scheme != NGX_HTTP_ZOOM_AUTH_ATTENDEE) {
            continue;
        }

        rc = ngx_http_zoom_proof_json(&proof[i], doc, signature, scratch);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


zoom_error_e
ngx_http_zoom_auth_bodiless(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const char **why)
{
    zoom_error_e  error;

    static const ngx_str_t  nothing = ngx_null_string;

    error = ngx_http_zoom_auth_raw(r, auth, &nothing, why);

    if (error != ZOOM_OK) {
        return error;
    }

    return ngx_http_zoom_auth_body(r, auth, &nothing, NULL, why);
}


ngx_uint_t
ngx_http_zoom_auth_distrust_webhooks(ngx_http_zoom_auth_t *auth)
{
    ngx_uint_t                        i, alive;
    const ngx_http_zoom_auth_line_t  *line;

    alive = 0;
    line = auth->lines->elts;

    for (i = 0; i < auth->lines->nelts; i++) {

        if (line[i].webhooks && line[i].proofs.nelts == 1) {
            auth->alive[i] = 0;
        }

        alive |= auth->alive[i];
    }

    return alive;
}


void
ngx_http_zoom_auth_suspect(ngx_http_request_t *r,
    const ngx_http_zoom_auth_t *auth, const ngx_str_t *args,
    ngx_str_t *caller)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    ngx_str_null(caller);

    line = auth->lines->elts;

    for (i = 0; i < auth->lines->nelts; i++) {

        if (!ngx_http_zoom_auth_sent(r, auth, &line[i], args)) {
            continue;
        }

        if (caller->len && !ngx_http_zoom_same(caller, &line[i].caller)) {
            ngx_str_null(caller);
            return;
        }

        *caller = line[i].caller;
    }
}


/* Whether all proofs of a line were sent, right or wrong. */

static ngx_uint_t
ngx_http_zoom_auth_sent(ngx_http_request_t *r,
    const ngx_http_zoom_auth_t *auth, const ngx_http_zoom_auth_line_t *line,
    const ngx_str_t *args)
{
    ngx_str_t                     value;
    ngx_uint_t                    i, n;
    const ngx_http_zoom_proof_t  *proof;

    proof = line->proofs.elts;

    for (i = 0; i < line->proofs.nelts; i++) {

        switch (proof[i].scheme) {

        case NGX_HTTP_ZOOM_AUTH_OFF:
            n = 1;
            break;

        case NGX_HTTP_ZOOM_AUTH_ARG:
            n = ngx_http_zoom_arg(args, &proof[i].name, &value);
            break;

        case NGX_HTTP_ZOOM_AUTH_WEBHOOKS:
            n = (auth->webhook && auth->webhook->sent.id.len);
            break;

        default: /* attendee, header */
            n = ngx_http_zoom_proof_find(r, &proof[i].name, &value);
        }

        if (n == 0) {
            return 0;
        }
    }

    return 1;
}
