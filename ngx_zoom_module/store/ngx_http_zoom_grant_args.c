#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "ngx_http_zoom_grant_args.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_store_conf.h"
#include "zoom_log_once.h"
#include "zoom_string.h"


static zoom_str_t ngx_http_zoom_grant_under(u_char *buf, const u_char *digest,
    const char *what);


static const zoom_seal_t  *ngx_http_zoom_grant_sealing;
static const ngx_str_t    *ngx_http_zoom_grant_url;
static ngx_log_t          *ngx_http_zoom_grant_log;
static zoom_log_once_t     ngx_http_zoom_grant_said;


void
ngx_http_zoom_grant_args_init(const ngx_http_zoom_store_conf_t *store,
    ngx_log_t *log)
{
    ngx_http_zoom_grant_sealing = store->sealing;
    ngx_http_zoom_grant_url = &store->redis->url;
    ngx_http_zoom_grant_log = log;
}


void
ngx_http_zoom_grant_arg(ngx_http_zoom_grant_put_t *put, const u_char *data,
    size_t len)
{
    u_char  *p;

    p = put->last;

    put->args[put->n].data = p;
    put->args[put->n].len = len;
    put->n++;

    put->last = ngx_cpymem(p, data, len);
}


void
ngx_http_zoom_grant_text(ngx_http_zoom_grant_put_t *put, const char *text)
{
    ngx_http_zoom_grant_arg(put, (u_char *) text, ngx_strlen(text));
}


void
ngx_http_zoom_grant_number(ngx_http_zoom_grant_put_t *put, int64_t n)
{
    u_char  text[NGX_INT64_LEN + 1];

    ngx_http_zoom_grant_arg(put, text, ngx_sprintf(text, "%L", n) - text);
}


void
ngx_http_zoom_grant_key(ngx_http_zoom_grant_put_t *put, const char *kind,
    const u_char *digest, size_t len)
{
    u_char  *p, text[NGX_HTTP_ZOOM_GRANT_KEY];

    p = ngx_slprintf(text, text + sizeof(text), "%V:%s%*s",
                     ngx_http_zoom_redis_prefix(), kind, len,
                     digest ? digest : (u_char *) "");

    ngx_http_zoom_grant_arg(put, text, p - text);
}


void
ngx_http_zoom_grant_member(ngx_http_zoom_grant_put_t *put, const char *before,
    size_t user, const char *after)
{
    u_char  *p, text[NGX_HTTP_ZOOM_GRANT_KEY];

    p = ngx_slprintf(text, text + sizeof(text), "%s%*s:%*s%s", before,
                     (size_t) NGX_HTTP_ZOOM_GRANT_APP, put->app, user,
                     put->user, after);

    ngx_http_zoom_grant_arg(put, text, p - text);
}


void
ngx_http_zoom_grant_digest(ngx_http_zoom_grant_put_t *put, u_char *to,
    const u_char *name)
{
    int           rc;
    size_t        len;
    u_char        sum[EVP_MAX_MD_SIZE];
    EVP_MD_CTX   *md;

    ngx_memzero(sum, sizeof(sum));

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        put->failed = 1;
        return;
    }

    len = ngx_strlen(put->q->app) + 1;

    rc = EVP_DigestInit_ex(md, EVP_sha256(), NULL)
         && EVP_DigestUpdate(md, put->q->app, len)
         && (name == NULL || EVP_DigestUpdate(md, name, ngx_strlen(name)))
         && EVP_DigestFinal_ex(md, sum, NULL);

    EVP_MD_CTX_free(md);

    put->failed |= !rc;

    ngx_hex_dump(to, sum, NGX_HTTP_ZOOM_GRANT_DIGEST / 2);
}


void
ngx_http_zoom_grant_named(ngx_http_zoom_grant_put_t *put, const u_char *name)
{
    u_char  digest[NGX_HTTP_ZOOM_GRANT_DIGEST];

    ngx_http_zoom_grant_digest(put, digest, name);
    ngx_http_zoom_grant_key_of(put, "name:", digest);
}


void
ngx_http_zoom_grant_seal(ngx_http_zoom_grant_put_t *put, const char *what,
    const u_char *data, size_t len)
{
    zoom_buf_t  b;
    zoom_str_t  plain;
    u_char      nonce[ZOOM_SEAL_NONCE_LEN];
    u_char      under[NGX_HTTP_ZOOM_GRANT_KEY];

    plain.data = data;
    plain.len = len;

    zoom_buf_init(&b, put->last, len ? len + ZOOM_SEAL_EXTRA : 0);

    if (len
        && (RAND_bytes(nonce, sizeof(nonce)) != 1
            || zoom_seal(&b, ngx_http_zoom_grant_sealing, nonce,
                         ngx_http_zoom_grant_under(under, put->user, what),
                         plain)
               != 0))
    {
        put->failed = 1;
    }

    put->args[put->n].data = put->last;
    put->args[put->n].len = b.len;
    put->n++;

    put->last += b.len;
}


ngx_int_t
ngx_http_zoom_grant_open(const u_char *digest, const char *what,
    const redisReply *sealed, u_char *to, size_t *len, size_t size)
{
    zoom_buf_t  b;
    zoom_str_t  text;
    u_char      under[NGX_HTTP_ZOOM_GRANT_KEY];

    *len = 0;

    if (sealed->type != REDIS_REPLY_STRING) {
        return NGX_ERROR;
    }

    if (sealed->len == 0) {
        return NGX_OK;
    }

    text.data = (u_char *) sealed->str;
    text.len = sealed->len;

    zoom_buf_init(&b, to, size);

    if (zoom_open(&b, ngx_http_zoom_grant_sealing,
                  ngx_http_zoom_grant_under(under, digest, what), text)
        < 0)
    {
        if (zoom_log_once(&ngx_http_zoom_grant_said, ngx_time())) {
            ngx_log_error(NGX_LOG_ERR, ngx_http_zoom_grant_log, 0,
                          "zoom: the store \"%V\" has a grant that none of "
                          "the keys opens: give \"zoom_store\" the key that "
                          "it was sealed with as a second \"key=\", or let "
                          "the user connect again",
                          ngx_http_zoom_grant_url);
        }

        return NGX_ERROR;
    }

    *len = b.len;

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_grant_anew_seal(const u_char *digest, const char *what,
    zoom_str_t sealed, ngx_str_t *to, size_t size)
{
    int         key;
    ngx_int_t   rc;
    zoom_buf_t  b, anew;
    zoom_str_t  name, plain;
    u_char      nonce[ZOOM_SEAL_NONCE_LEN];
    u_char      under[NGX_HTTP_ZOOM_GRANT_KEY];

    static u_char  text[ZOOM_REFRESH_TOKEN_MAX];

    name = ngx_http_zoom_grant_under(under, digest, what);

    zoom_buf_init(&b, text, sizeof(text));

    key = zoom_open(&b, ngx_http_zoom_grant_sealing, name, sealed);

    if (key < 0) {
        return NGX_ABORT;
    }

    rc = NGX_DECLINED;

    if (key > 0) {
        plain.data = b.data;
        plain.len = b.len;

        zoom_buf_init(&anew, to->data + to->len, size - to->len);

        rc = (RAND_bytes(nonce, sizeof(nonce)) == 1
              && zoom_seal(&anew, ngx_http_zoom_grant_sealing, nonce, name,
                           plain)
                 == 0)
             ? NGX_OK : NGX_ERROR;

        to->len += anew.len;
    }

    ngx_explicit_memzero(text, b.len);

    return rc;
}


/* What a part of a grant is bound to. */

static zoom_str_t
ngx_http_zoom_grant_under(u_char *buf, const u_char *digest, const char *what)
{
    zoom_str_t  name;

    name.data = buf;
    name.len = ngx_snprintf(buf, NGX_HTTP_ZOOM_GRANT_KEY, "grant %*s %s",
                            (size_t) NGX_HTTP_ZOOM_GRANT_DIGEST, digest, what)
               - buf;

    return name;
}

#endif
