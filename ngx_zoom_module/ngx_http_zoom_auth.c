/*
 * Who may call: zoom_authenticate.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_url.h"
#include "zoom_attendee.h"
#include "zoom_uri.h"


#define NGX_HTTP_ZOOM_AUTH_SECRET_MIN  8
#define NGX_HTTP_ZOOM_AUTH_NAME_MAX    64

#define NGX_HTTP_ZOOM_SIGNATURE        "X-Webhook-Signature"


typedef enum {
    NGX_HTTP_ZOOM_AUTH_ATTENDEE = 0,
    NGX_HTTP_ZOOM_AUTH_ARG,
    NGX_HTTP_ZOOM_AUTH_HEADER,
    NGX_HTTP_ZOOM_AUTH_OFF
} ngx_http_zoom_scheme_e;


typedef struct {
    ngx_uint_t                   scheme;
    ngx_str_t                    name;       /* of the argument or header */
    ngx_str_t                    secret;     /* attendee: the decoded key */
} ngx_http_zoom_proof_t;


typedef struct {
    ngx_array_t                  proofs;     /* ngx_http_zoom_proof_t */
    ngx_str_t                    caller;
    ngx_uint_t                   attendee;   /* unsigned  attendee:1; */
} ngx_http_zoom_auth_line_t;


static ngx_http_zoom_ctx_t *ngx_http_zoom_auth_check(ngx_http_request_t *r,
    const ngx_http_zoom_loc_conf_t *zlcf);
static ngx_int_t ngx_http_zoom_auth_header(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_array_t *auth);
static ngx_int_t ngx_http_zoom_auth_line(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_auth_line_t *line);
static ngx_int_t ngx_http_zoom_auth_proof(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_proof_t *proof);
static ngx_int_t ngx_http_zoom_auth_arg(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_proof_t *proof);
static ngx_uint_t ngx_http_zoom_auth_find(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);
static void ngx_http_zoom_auth_mask(ngx_http_request_t *r);
static void ngx_http_zoom_auth_mask_secrets(ngx_http_request_t *r,
    const ngx_array_t *auth);
static ngx_int_t ngx_http_zoom_auth_attendee(ngx_http_request_t *r,
    const ngx_http_zoom_auth_line_t *line, const zoom_json_doc_t *doc,
    ngx_str_t *signature, zoom_buf_t *scratch);

static char *ngx_http_zoom_auth_off(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static ngx_http_zoom_auth_line_t *ngx_http_zoom_auth_add_line(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static char *ngx_http_zoom_auth_add_proof(ngx_conf_t *cf,
    ngx_http_zoom_auth_line_t *line, ngx_uint_t *n);
static ngx_uint_t ngx_http_zoom_auth_has(
    const ngx_http_zoom_auth_line_t *line, const ngx_http_zoom_proof_t *proof);
static char *ngx_http_zoom_auth_scheme(ngx_conf_t *cf, ngx_uint_t n,
    ngx_http_zoom_proof_t *proof);
static char *ngx_http_zoom_auth_check_secret(ngx_conf_t *cf,
    ngx_http_zoom_proof_t *proof, const char *name);
static char *ngx_http_zoom_auth_as(ngx_http_zoom_auth_line_t *line,
    ngx_str_t *value);


static ngx_str_t  ngx_http_zoom_schemes[] = {
    ngx_string("attendee"),
    ngx_string("arg"),
    ngx_string("header"),
    ngx_string("off")
};


ngx_int_t
ngx_http_zoom_auth_handler(ngx_http_request_t *r)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->use.name == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        ngx_http_zoom_auth_mask(r);
        return NGX_DECLINED;
    }

    return ngx_http_zoom_auth_check(r, zlcf) ? NGX_DECLINED
                                             : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_http_zoom_ctx_t *
ngx_http_zoom_auth_ctx(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t             *ctx;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    if (ctx && ctx->checked == zlcf) {
        return ctx;
    }

    return ngx_http_zoom_auth_check(r, zlcf);
}


static ngx_http_zoom_ctx_t *
ngx_http_zoom_auth_check(ngx_http_request_t *r,
    const ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_start(r);

    if (ctx == NULL || ngx_http_zoom_ctx_keep_args(r, ctx) != NGX_OK) {
        ngx_http_zoom_auth_mask(r);
        return NULL;
    }

    ctx->verdict = ngx_http_zoom_auth_header(r, ctx, zlcf->auth);
    ctx->checked = zlcf;

    ngx_http_zoom_auth_mask(r);

    if (ctx->verdict != NGX_OK) {
        ngx_http_zoom_auth_mask_secrets(r, zlcf->auth);
    }

    return ctx;
}


static ngx_int_t
ngx_http_zoom_auth_header(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_array_t *auth)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i, alive;
    const ngx_http_zoom_auth_line_t  *line;

    alive = 0;
    rc = NGX_OK;
    line = auth->elts;

    ctx->alive = ngx_pcalloc(r->pool, auth->nelts);
    if (ctx->alive == NULL) {
        return NGX_ERROR;
    }

    /* every line is looked at, whichever hold */

    for (i = 0; i < auth->nelts; i++) {
        switch (ngx_http_zoom_auth_line(r, ctx, &line[i])) {

        case NGX_OK:
            ctx->alive[i] = 1;
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
ngx_http_zoom_auth_line(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_auth_line_t *line)
{
    ngx_int_t                     rc, failed;
    ngx_uint_t                    i;
    const ngx_http_zoom_proof_t  *proof;

    failed = NGX_OK;
    proof = line->proofs.elts;

    for (i = 0; i < line->proofs.nelts; i++) {
        rc = ngx_http_zoom_auth_proof(r, ctx, &proof[i]);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_ABORT || failed == NGX_OK) {
            failed = rc;
        }
    }

    return failed;
}


static ngx_int_t
ngx_http_zoom_auth_proof(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_proof_t *proof)
{
    ngx_str_t   value;
    ngx_uint_t  n;

    switch (proof->scheme) {

    case NGX_HTTP_ZOOM_AUTH_OFF:
        return NGX_OK;

    case NGX_HTTP_ZOOM_AUTH_ARG:
        return ngx_http_zoom_auth_arg(r, ctx, proof);

    default: /* attendee, header */
        break;
    }

    n = ngx_http_zoom_auth_find(r, &proof->name, &value);

    if (n > 1) {
        return NGX_ABORT;
    }

    if (proof->scheme == NGX_HTTP_ZOOM_AUTH_ATTENDEE) {
        return (n == 1 && r->method == NGX_HTTP_POST) ? NGX_OK : NGX_DECLINED;
    }

    if (n == 0) {
        ngx_str_null(&value);
    }

    return zoom_secret_eq(ngx_http_zoom_str(&proof->secret),
                          ngx_http_zoom_str(&value))
           ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_zoom_auth_arg(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_proof_t *proof)
{
    u_char      *p;
    ngx_int_t    rc;
    ngx_str_t    value;
    ngx_uint_t   n;
    zoom_buf_t   b;

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &proof->name,
                          &value);

    if (n > 1) {
        return NGX_ABORT;
    }

    if (n == 0) {
        ngx_str_null(&value);
    }

    p = ngx_pnalloc(r->pool, value.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, p, value.len + 1);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&value)) != 0) {
        rc = NGX_DECLINED;

    } else {
        value.data = b.data;
        value.len = b.len;

        rc = zoom_secret_eq(ngx_http_zoom_str(&proof->secret),
                            ngx_http_zoom_str(&value))
             ? NGX_OK : NGX_DECLINED;
    }

    ngx_explicit_memzero(p, b.size);

    return rc;
}


/* How often a header was sent. */

static ngx_uint_t
ngx_http_zoom_auth_find(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (header[i].hash == 0
                || header[i].key.len != name->len
                || ngx_strncasecmp(header[i].key.data, name->data, name->len)
                   != 0)
            {
                continue;
            }

            *value = header[i].value;
            n++;
        }
    }

    return n;
}


/*
 * The access log and the error log print the request line, and "$args" and
 * "$request_uri" print their own copies under HTTP/2.
 */

static void
ngx_http_zoom_auth_mask(ngx_http_request_t *r)
{
    ngx_uint_t                        i, k;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_loc_conf_t   *zlcf;
    const ngx_http_zoom_auth_line_t  *line;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    line = zlcf->auth->elts;

    for (i = 0; i < zlcf->auth->nelts; i++) {

        proof = line[i].proofs.elts;

        for (k = 0; k < line[i].proofs.nelts; k++) {

            if (proof[k].scheme != NGX_HTTP_ZOOM_AUTH_ARG) {
                continue;
            }

            ngx_http_zoom_args_mask(r, &proof[k].name);

            if (r != r->main) {
                ngx_http_zoom_args_mask(r->main, &proof[k].name);
            }
        }
    }
}


/* A secret that was sent, but not where it belongs. */

static void
ngx_http_zoom_auth_mask_secrets(ngx_http_request_t *r,
    const ngx_array_t *auth)
{
    ngx_uint_t                        i, k;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_auth_line_t  *line;

    if (r->args.len == 0) {
        return;
    }

    line = auth->elts;

    for (i = 0; i < auth->nelts; i++) {

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


ngx_int_t
ngx_http_zoom_auth_body(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const zoom_json_doc_t *doc, ngx_uint_t *signed_body)
{
    ngx_int_t                         rc;
    ngx_str_t                         name, signature;
    ngx_uint_t                        i;
    zoom_buf_t                        scratch;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_loc_conf_t   *zlcf;
    const ngx_http_zoom_auth_line_t  *line;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ngx_str_set(&name, NGX_HTTP_ZOOM_SIGNATURE);
    ngx_str_null(&signature);

    (void) ngx_http_zoom_auth_find(r, &name, &signature);

    scratch.data = ngx_pnalloc(r->pool, ctx->body.len + 1);
    if (scratch.data == NULL) {
        return NGX_ERROR;
    }

    scratch.size = ctx->body.len + 1;

    line = zlcf->auth->elts;

    for (i = 0; i < zlcf->auth->nelts; i++) {

        if (!ctx->alive[i]) {
            continue;
        }

        rc = ngx_http_zoom_auth_attendee(r, &line[i], doc, &signature,
                                         &scratch);

        if (rc == NGX_DECLINED) {
            continue;
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }

        proof = line[i].proofs.elts;

        ctx->caller = line[i].caller;
        ctx->scheme = ngx_http_zoom_schemes[proof->scheme];
        *signed_body = line[i].attendee;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_zoom_auth_attendee(ngx_http_request_t *r,
    const ngx_http_zoom_auth_line_t *line, const zoom_json_doc_t *doc,
    ngx_str_t *signature, zoom_buf_t *scratch)
{
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

        zoom_buf_init(scratch, scratch->data, scratch->size);

        switch (zoom_attendee_verify(ngx_http_zoom_str(&proof[i].secret), doc,
                                     ngx_http_zoom_str(signature), scratch))
        {
        case 1:
            break;

        case 0:
            return NGX_DECLINED;

        default:
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_auth_without_body(const ngx_array_t *auth)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    line = auth->elts;

    for (i = 0; i < auth->nelts; i++) {
        if (!line[i].attendee) {
            return 1;
        }
    }

    return 0;
}


char *
ngx_http_zoom_authenticate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    char                       *rv;
    ngx_str_t                  *value;
    ngx_uint_t                  n;
    ngx_http_zoom_proof_t      *proof;
    ngx_http_zoom_auth_line_t  *line;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return ngx_http_zoom_auth_off(cf, zlcf);
    }

    if (zlcf->auth != NGX_CONF_UNSET_PTR) {
        line = zlcf->auth->elts;
        proof = line[0].proofs.elts;

        if (proof->scheme == NGX_HTTP_ZOOM_AUTH_OFF) {
            return "is used together with \"off\"";
        }
    }

    line = ngx_http_zoom_auth_add_line(cf, zlcf);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    for (n = 1; n < cf->args->nelts; /* void */ ) {

        if (n == cf->args->nelts - 1 && n > 1
            && ngx_strncmp(value[n].data, "as=", 3) == 0)
        {
            rv = ngx_http_zoom_auth_as(line, &value[n++]);

        } else {
            rv = ngx_http_zoom_auth_add_proof(cf, line, &n);
        }

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (line->caller.len == 0) {
        proof = line->proofs.elts;
        line->caller = ngx_http_zoom_schemes[proof->scheme];
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_auth_off(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_http_zoom_proof_t      *proof;
    ngx_http_zoom_auth_line_t  *line;

    if (cf->args->nelts != 2) {
        return "has parameters after \"off\"";
    }

    if (zlcf->auth != NGX_CONF_UNSET_PTR) {
        line = zlcf->auth->elts;
        proof = line[0].proofs.elts;

        return (proof->scheme == NGX_HTTP_ZOOM_AUTH_OFF)
               ? "is duplicate" : "is used together with \"off\"";
    }

    line = ngx_http_zoom_auth_add_line(cf, zlcf);
    if (line == NULL) {
        return NGX_CONF_ERROR;
    }

    proof = ngx_array_push(&line->proofs);
    if (proof == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(proof, sizeof(ngx_http_zoom_proof_t));

    proof->scheme = NGX_HTTP_ZOOM_AUTH_OFF;
    line->caller = ngx_http_zoom_schemes[NGX_HTTP_ZOOM_AUTH_OFF];

    return NGX_CONF_OK;
}


static ngx_http_zoom_auth_line_t *
ngx_http_zoom_auth_add_line(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_http_zoom_auth_line_t  *line;

    if (zlcf->auth == NGX_CONF_UNSET_PTR) {
        zlcf->auth = ngx_array_create(cf->pool, 1,
                                      sizeof(ngx_http_zoom_auth_line_t));
        if (zlcf->auth == NULL) {
            return NULL;
        }
    }

    line = ngx_array_push(zlcf->auth);
    if (line == NULL) {
        return NULL;
    }

    ngx_memzero(line, sizeof(ngx_http_zoom_auth_line_t));

    if (ngx_array_init(&line->proofs, cf->pool, 2,
                       sizeof(ngx_http_zoom_proof_t))
        != NGX_OK)
    {
        return NULL;
    }

    return line;
}


/* A scheme and its secret; parameters may be secrets and are not quoted. */

static char *
ngx_http_zoom_auth_add_proof(ngx_conf_t *cf, ngx_http_zoom_auth_line_t *line,
    ngx_uint_t *n)
{
    char                   *rv;
    u_char                 *name;
    ngx_str_t              *value;
    ngx_http_zoom_proof_t   proof, *p;

    value = cf->args->elts;

    ngx_memzero(&proof, sizeof(ngx_http_zoom_proof_t));

    rv = ngx_http_zoom_auth_scheme(cf, *n, &proof);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_zoom_auth_has(line, &proof)) {
        return "has the same scheme twice";
    }

    if (*n + 1 == cf->args->nelts
        || (*n + 2 == cf->args->nelts
            && ngx_strncmp(value[*n + 1].data, "as=", 3) == 0))
    {
        return "has a scheme without a secret";
    }

    name = ngx_pnalloc(cf->temp_pool, sizeof("zoom_authenticate ")
                                      + value[*n].len);
    if (name == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_sprintf(name, "zoom_authenticate %V%Z", &value[*n]);

    if (ngx_http_zoom_secret(cf, (char *) name, &value[*n + 1], &proof.secret)
        != NGX_OK
        || ngx_http_zoom_auth_check_secret(cf, &proof, (char *) name)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    p = ngx_array_push(&line->proofs);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    *p = proof;
    *n += 2;

    line->attendee |= (proof.scheme == NGX_HTTP_ZOOM_AUTH_ATTENDEE);

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_zoom_auth_has(const ngx_http_zoom_auth_line_t *line,
    const ngx_http_zoom_proof_t *proof)
{
    ngx_uint_t              i;
    ngx_http_zoom_proof_t  *other;

    other = line->proofs.elts;

    for (i = 0; i < line->proofs.nelts; i++) {
        if (other[i].scheme == proof->scheme
            && ngx_http_zoom_same(&other[i].name, &proof->name))
        {
            return 1;
        }
    }

    return 0;
}


static char *
ngx_http_zoom_auth_scheme(ngx_conf_t *cf, ngx_uint_t n,
    ngx_http_zoom_proof_t *proof)
{
    ngx_str_t  *value;

    value = cf->args->elts;
    value += n;

    if (ngx_strcmp(value->data, "attendee") == 0) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_ATTENDEE;
        ngx_str_set(&proof->name, NGX_HTTP_ZOOM_SIGNATURE);

        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "standard_webhooks") == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"standard_webhooks\" is not supported yet");
        return NGX_CONF_ERROR;
    }

    if (ngx_strncmp(value->data, "arg=", 4) == 0) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_ARG;
        proof->name.data = value->data + 4;
        proof->name.len = value->len - 4;

        if (ngx_http_zoom_name(&proof->name, ".-",
                               NGX_HTTP_ZOOM_AUTH_NAME_MAX))
        {
            return NGX_CONF_OK;
        }

        return "has an invalid argument name";
    }

    if (ngx_strncmp(value->data, "header=", 7) == 0) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_HEADER;
        proof->name.data = value->data + 7;
        proof->name.len = value->len - 7;

        ngx_strlow(proof->name.data, proof->name.data, proof->name.len);

        if (ngx_http_zoom_name(&proof->name, "!#$%&'*+-.^`|~",
                               NGX_HTTP_ZOOM_AUTH_NAME_MAX))
        {
            return NGX_CONF_OK;
        }

        return "has an invalid header name";
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"zoom_authenticate\" has no scheme it knows as "
                       "parameter %ui", n);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_auth_check_secret(ngx_conf_t *cf, ngx_http_zoom_proof_t *proof,
    const char *name)
{
    u_char      *p;
    zoom_buf_t   key;
    const char  *why;

    if (proof->scheme != NGX_HTTP_ZOOM_AUTH_ATTENDEE) {

        if (proof->secret.len >= NGX_HTTP_ZOOM_AUTH_SECRET_MIN) {
            return NGX_CONF_OK;
        }

        why = "is too short";

    } else {
        p = ngx_http_zoom_secret_alloc(cf, ZOOM_ATTENDEE_KEY_MAX);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        zoom_buf_init(&key, p, ZOOM_ATTENDEE_KEY_MAX);

        why = zoom_attendee_key(&key, ngx_http_zoom_str(&proof->secret));

        if (why == NULL) {
            proof->secret.data = key.data;
            proof->secret.len = key.len;

            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the secret of \"%s\" %s",
                       name, why);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_auth_as(ngx_http_zoom_auth_line_t *line, ngx_str_t *value)
{
    line->caller.data = value->data + 3;
    line->caller.len = value->len - 3;

    if (!ngx_http_zoom_name(&line->caller, ".@-",
                            NGX_HTTP_ZOOM_AUTH_NAME_MAX))
    {
        return "has an invalid name in \"as=\"";
    }

    return NGX_CONF_OK;
}
