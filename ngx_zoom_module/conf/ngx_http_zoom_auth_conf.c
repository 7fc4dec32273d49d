/*
 * The directives zoom_authenticate and zoom_replay.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"
#include "zoom_stdwebhooks.h"


#define NGX_HTTP_ZOOM_REPLAY_MAX        (30 * 24 * 60 * 60)
#define NGX_HTTP_ZOOM_REPLAY_MAX_COUNT  1000


static char *ngx_http_zoom_auth_off(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static ngx_http_zoom_auth_line_t *ngx_http_zoom_auth_add_line(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *zlcf);
static char *ngx_http_zoom_auth_add_proof(ngx_conf_t *cf,
    ngx_http_zoom_auth_line_t *line, ngx_uint_t *n);
static ngx_uint_t ngx_http_zoom_auth_words(
    const ngx_http_zoom_proof_t *proof);
static ngx_uint_t ngx_http_zoom_auth_has(
    const ngx_http_zoom_auth_line_t *line, const ngx_http_zoom_proof_t *proof);
static char *ngx_http_zoom_auth_scheme(ngx_conf_t *cf, ngx_uint_t n,
    ngx_http_zoom_proof_t *proof);
static char *ngx_http_zoom_auth_check_secret(ngx_conf_t *cf,
    ngx_http_zoom_proof_t *proof, const char *name, ngx_str_t *secret);
static char *ngx_http_zoom_auth_as(ngx_http_zoom_auth_line_t *line,
    ngx_str_t *value);
static ngx_uint_t ngx_http_zoom_proof_is(const ngx_str_t *text,
    const char *word);


ngx_str_t  ngx_http_zoom_schemes[] = {
    ngx_string("attendee"),
    ngx_string("standard_webhooks"),
    ngx_string("arg"),
    ngx_string("header"),
    ngx_string("off")
};


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

    if (line->caller.len) {
        line->who = ngx_http_zoom_who(&line->caller);
        return NGX_CONF_OK;
    }

    proof = line->proofs.elts;
    line->caller = ngx_http_zoom_schemes[proof->scheme];
    line->who = ngx_http_zoom_where(cf);

    return NGX_CONF_OK;
}


uint32_t
ngx_http_zoom_who(const ngx_str_t *name)
{
    return ngx_crc32_long(name->data, name->len) | 1;
}


/* Two lines with the same scheme are two callers, in all workers. */

uint32_t
ngx_http_zoom_where(const ngx_conf_t *cf)
{
    uint32_t     who;
    ngx_uint_t   line;

    line = cf->conf_file->line;

    ngx_crc32_init(who);
    ngx_crc32_update(&who, cf->conf_file->file.name.data,
                     cf->conf_file->file.name.len);
    ngx_crc32_update(&who, (u_char *) &line, sizeof(line));
    ngx_crc32_final(who);

    return who | 1;
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
    line->who = ngx_http_zoom_where(cf);

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
    ngx_str_t              *value, secret;
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

    if (ngx_http_zoom_secret(cf, (char *) name, &value[*n + 1],
                             ngx_http_zoom_auth_words(&proof), &secret)
        != NGX_OK
        || ngx_http_zoom_auth_check_secret(cf, &proof, (char *) name, &secret)
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

    if (proof.scheme == NGX_HTTP_ZOOM_AUTH_ATTENDEE) {
        line->attendee = 1;
    }

    if (proof.scheme == NGX_HTTP_ZOOM_AUTH_WEBHOOKS) {
        line->webhooks = 1;
    }

    return NGX_CONF_OK;
}


/* "Bearer" and the secret make one value of that header */

static ngx_uint_t
ngx_http_zoom_auth_words(const ngx_http_zoom_proof_t *proof)
{
    ngx_str_t  name = ngx_string("authorization");

    return (proof->scheme == NGX_HTTP_ZOOM_AUTH_HEADER
            && ngx_http_zoom_same(&proof->name, &name))
           ? NGX_HTTP_ZOOM_SECRET_WORDS : 0;
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
    ngx_str_t   *value;
    const char  *why;

    value = cf->args->elts;

    why = ngx_http_zoom_proof_scheme(proof, &value[n]);

    if (why == NULL || *why) {
        return (char *) why;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "parameter %ui of \"zoom_authenticate\" must be "
                       "\"attendee\", \"standard_webhooks\", "
                       "\"arg=NAME\", \"header=NAME\", or \"off\" alone",
                       n);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_auth_check_secret(ngx_conf_t *cf, ngx_http_zoom_proof_t *proof,
    const char *name, ngx_str_t *secret)
{
    const char   *why;
    zoom_hmac_t  *key;

    key = NULL;
    why = NULL;

    if (proof->scheme == NGX_HTTP_ZOOM_AUTH_ATTENDEE
        || proof->scheme == NGX_HTTP_ZOOM_AUTH_WEBHOOKS)
    {
        key = ngx_http_zoom_secret_alloc(cf, sizeof(zoom_hmac_t));
        why = key ? NULL : "finds no memory";
    }

    if (why == NULL) {
        why = ngx_http_zoom_proof_secret(proof, secret, key);
    }

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the secret of \"%s\" %s",
                           name, why);
        return NGX_CONF_ERROR;
    }

    /* it may be the base64 form of something else, such as Attendee's secret */

    if (proof->scheme == NGX_HTTP_ZOOM_AUTH_WEBHOOKS
        && !zoom_stdwebhooks_prefixed(ngx_http_zoom_str(secret)))
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the secret of \"%s\" does not begin with "
                           "\"" ZOOM_STDWEBHOOKS_PREFIX "\"", name);
    }

    return NGX_CONF_OK;
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


char *
ngx_http_zoom_set_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (zlcf->replay != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {

        if (cf->args->nelts != 2) {
            return "has parameters after \"off\"";
        }

        zlcf->replay = 0;
        zlcf->replay_count = 1;

        return NGX_CONF_OK;
    }

    n = ngx_parse_time(&value[1], 1);

    if (n < 1 || n > NGX_HTTP_ZOOM_REPLAY_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid time \"%V\", it must be from 1s to 30d",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    zlcf->replay = n;

    n = (cf->args->nelts == 3) ? ngx_atoi(value[2].data, value[2].len) : 1;

    if (n < 1 || n > NGX_HTTP_ZOOM_REPLAY_MAX_COUNT) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid count \"%V\", it must be from 1 to %d",
                           &value[2], NGX_HTTP_ZOOM_REPLAY_MAX_COUNT);
        return NGX_CONF_ERROR;
    }

    zlcf->replay_count = n;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_zoom_auth_remembers(const ngx_array_t *auth)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    line = auth->elts;

    for (i = 0; i < auth->nelts; i++) {
        if (line[i].webhooks) {
            return 1;
        }
    }

    return 0;
}


const char *
ngx_http_zoom_proof_scheme(ngx_http_zoom_proof_t *proof, ngx_str_t *text)
{
    if (ngx_http_zoom_proof_is(text, "attendee")) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_ATTENDEE;
        ngx_str_set(&proof->name, NGX_HTTP_ZOOM_SIGNATURE);

        return NULL;
    }

    if (ngx_http_zoom_proof_is(text, "standard_webhooks")) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_WEBHOOKS;

        return NULL;
    }

    if (text->len >= 4 && ngx_strncmp(text->data, "arg=", 4) == 0) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_ARG;
        proof->name.data = text->data + 4;
        proof->name.len = text->len - 4;

        return ngx_http_zoom_name(&proof->name, ".-",
                                  NGX_HTTP_ZOOM_AUTH_NAME_MAX)
               ? NULL : "has an invalid argument name";
    }

    if (text->len >= 7 && ngx_strncmp(text->data, "header=", 7) == 0) {
        proof->scheme = NGX_HTTP_ZOOM_AUTH_HEADER;
        proof->name.data = text->data + 7;
        proof->name.len = text->len - 7;

        ngx_strlow(proof->name.data, proof->name.data, proof->name.len);

        return ngx_http_zoom_name(&proof->name, "!#$%&'*+-.^`|~",
                                  NGX_HTTP_ZOOM_AUTH_NAME_MAX)
               ? NULL : "has an invalid header name";
    }

    return "";
}


static ngx_uint_t
ngx_http_zoom_proof_is(const ngx_str_t *text, const char *word)
{
    return text->len == ngx_strlen(word)
           && ngx_strncmp(text->data, word, text->len) == 0;
}


const char *
ngx_http_zoom_proof_secret(ngx_http_zoom_proof_t *proof,
    const ngx_str_t *secret, zoom_hmac_t *key)
{
    switch (proof->scheme) {

    case NGX_HTTP_ZOOM_AUTH_ATTENDEE:
        proof->key = key;
        return zoom_hmac_secret(key, ngx_http_zoom_str(secret));

    case NGX_HTTP_ZOOM_AUTH_WEBHOOKS:
        proof->key = key;
        return zoom_stdwebhooks_key(key, ngx_http_zoom_str(secret));

    default: /* arg, header */
        proof->secret = *secret;
        return (secret->len < NGX_HTTP_ZOOM_AUTH_SECRET_MIN)
               ? "is too short" : NULL;
    }
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


ngx_uint_t
ngx_http_zoom_auth_has_body(const ngx_array_t *auth)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    line = auth->elts;

    for (i = 0; i < auth->nelts; i++) {
        if (line[i].attendee || line[i].webhooks) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_zoom_auth_attendee_alone(const ngx_array_t *auth)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    line = auth->elts;

    for (i = 0; i < auth->nelts; i++) {
        if (line[i].attendee && line[i].proofs.nelts == 1) {
            return 1;
        }
    }

    return 0;
}
