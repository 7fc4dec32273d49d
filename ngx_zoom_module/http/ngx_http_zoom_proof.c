/*
 * The proofs that a line of zoom_authenticate is made of.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_proof.h"
#include "ngx_http_zoom_str.h"
#include "zoom_attendee.h"
#include "zoom_uri.h"


#define NGX_HTTP_ZOOM_WEBHOOK_NAMES  6


static void ngx_http_zoom_proof_bearer(const ngx_http_zoom_proof_t *proof,
    ngx_str_t *value);
static ngx_uint_t ngx_http_zoom_proof_of_bearer(const ngx_str_t *value);
static ngx_int_t ngx_http_zoom_proof_arg(ngx_http_request_t *r,
    const ngx_http_zoom_proof_t *proof, const ngx_str_t *args);
static ngx_int_t ngx_http_zoom_proof_webhook(ngx_http_request_t *r,
    ngx_http_zoom_webhook_t **webhook);
static ngx_int_t ngx_http_zoom_proof_webhook_read(ngx_http_request_t *r,
    zoom_stdwebhooks_t *sent);


/* The standard's names, and those of before there was one. */

static ngx_str_t  ngx_http_zoom_webhook_names[NGX_HTTP_ZOOM_WEBHOOK_NAMES] = {
    ngx_string("webhook-id"),
    ngx_string("webhook-timestamp"),
    ngx_string("webhook-signature"),
    ngx_string("svix-id"),
    ngx_string("svix-timestamp"),
    ngx_string("svix-signature")
};


ngx_int_t
ngx_http_zoom_proof_header(ngx_http_request_t *r,
    const ngx_http_zoom_proof_t *proof, const ngx_str_t *args,
    ngx_http_zoom_webhook_t **webhook)
{
    ngx_str_t   value;
    ngx_uint_t  n;

    switch (proof->scheme) {

    case NGX_HTTP_ZOOM_AUTH_OFF:
        return NGX_OK;

    case NGX_HTTP_ZOOM_AUTH_ARG:
        return ngx_http_zoom_proof_arg(r, proof, args);

    case NGX_HTTP_ZOOM_AUTH_WEBHOOKS:
        return ngx_http_zoom_proof_webhook(r, webhook);

    default: /* attendee, header */
        break;
    }

    n = ngx_http_zoom_proof_find(r, &proof->name, &value);

    if (n > 1) {
        return NGX_ABORT;
    }

    if (proof->scheme == NGX_HTTP_ZOOM_AUTH_ATTENDEE) {
        return (n == 1 && r->method == NGX_HTTP_POST) ? NGX_OK : NGX_DECLINED;
    }

    if (n == 0) {
        ngx_str_null(&value);
    }

    ngx_http_zoom_proof_bearer(proof, &value);

    return zoom_secret_eq(ngx_http_zoom_str(&proof->secret),
                          ngx_http_zoom_str(&value))
           ? NGX_OK : NGX_DECLINED;
}


/* Clients send the key that they are given as a bearer's. */

static void
ngx_http_zoom_proof_bearer(const ngx_http_zoom_proof_t *proof,
    ngx_str_t *value)
{
    static const ngx_str_t  name = ngx_string("authorization");

    if (!ngx_http_zoom_same(&proof->name, &name)
        || !ngx_http_zoom_proof_of_bearer(value)
        || ngx_http_zoom_proof_of_bearer(&proof->secret))
    {
        return;
    }

    value->data += sizeof("Bearer ") - 1;
    value->len -= sizeof("Bearer ") - 1;

    while (value->len && *value->data == ' ') {
        value->data++;
        value->len--;
    }
}


static ngx_uint_t
ngx_http_zoom_proof_of_bearer(const ngx_str_t *value)
{
    return value->len >= sizeof("Bearer ") - 1
           && ngx_strncasecmp(value->data, (u_char *) "Bearer ",
                              sizeof("Bearer ") - 1)
              == 0;
}


static ngx_int_t
ngx_http_zoom_proof_arg(ngx_http_request_t *r,
    const ngx_http_zoom_proof_t *proof, const ngx_str_t *args)
{
    u_char      *p;
    ngx_int_t    rc;
    ngx_str_t    value;
    ngx_uint_t   n;
    zoom_buf_t   b;

    n = ngx_http_zoom_arg(args, &proof->name, &value);

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


/* Looked at once a request: all lines with a webhook mean the same one. */

static ngx_int_t
ngx_http_zoom_proof_webhook(ngx_http_request_t *r,
    ngx_http_zoom_webhook_t **webhook)
{
    ngx_http_zoom_webhook_t  *w;

    w = *webhook;

    if (w) {
        return w->rc;
    }

    w = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_webhook_t));
    if (w == NULL) {
        return NGX_ERROR;
    }

    *webhook = w;

    w->rc = ngx_http_zoom_proof_webhook_read(r, &w->sent);

    if (w->rc != NGX_OK) {
        return w->rc;
    }

    w->why = zoom_stdwebhooks_check(&w->sent, ngx_time(), &w->at);

    if (w->why) {
        w->rc = NGX_DECLINED;
    }

    return w->rc;
}


static ngx_int_t
ngx_http_zoom_proof_webhook_read(ngx_http_request_t *r,
    zoom_stdwebhooks_t *sent)
{
    ngx_str_t   value[NGX_HTTP_ZOOM_WEBHOOK_NAMES], *set;
    ngx_uint_t  i, n, found;

    found = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_WEBHOOK_NAMES; i++) {
        n = ngx_http_zoom_proof_find(r, &ngx_http_zoom_webhook_names[i],
                                     &value[i]);

        if (n > 1) {
            return NGX_ABORT;
        }

        found |= n << i;
    }

    /* one header of the other set is enough to doubt which one is meant */

    if ((found & 007) && (found & 070)) {
        return NGX_ABORT;
    }

    if (found == 007) {
        set = value;

    } else if (found == 070) {
        set = value + 3;

    } else {
        return NGX_DECLINED;
    }

    sent->id = ngx_http_zoom_str(&set[0]);
    sent->timestamp = ngx_http_zoom_str(&set[1]);
    sent->signature = ngx_http_zoom_str(&set[2]);

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_proof_raw(const ngx_http_zoom_webhook_t *webhook,
    const ngx_http_zoom_proof_t *proof, const ngx_str_t *body,
    zoom_buf_t *scratch)
{
    zoom_buf_init(scratch, scratch->data, scratch->size);

    switch (zoom_stdwebhooks_verify(proof->key, &webhook->sent,
                                    ngx_http_zoom_str(body), scratch))
    {
    case 1:
        return NGX_OK;

    case 0:
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }
}


ngx_int_t
ngx_http_zoom_proof_json(const ngx_http_zoom_proof_t *proof,
    const zoom_json_doc_t *doc, const ngx_str_t *signature,
    zoom_buf_t *scratch)
{
    zoom_buf_init(scratch, scratch->data, scratch->size);

    switch (zoom_attendee_verify(proof->key, doc,
                                 ngx_http_zoom_str(signature), scratch))
    {
    case 1:
        return NGX_OK;

    case 0:
        return NGX_DECLINED;

    default:
        return NGX_ERROR;
    }
}


ngx_uint_t
ngx_http_zoom_proof_find(ngx_http_request_t *r, const ngx_str_t *name,
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
                || ngx_memcmp(header[i].lowcase_key, name->data, name->len)
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
