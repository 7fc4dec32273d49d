#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_claim_purge.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_str.h"
#include "zoom_seal.h"
#include "zoom_string.h"


/* a value of the store's lives for a day at most, milliseconds */

#define NGX_HTTP_ZOOM_PURGE_LIFE    "86400000"

#define NGX_HTTP_ZOOM_PURGE_WORD    "purge "
#define NGX_HTTP_ZOOM_PURGE_PREFIX  1024         /* of the zone's keys */
#define NGX_HTTP_ZOOM_PURGE_KEY     128


/* KEYS: mark; ARGV: its life, channel, news. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_purge_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[1]) "
    "return redis.call('PUBLISH', ARGV[2], ARGV[3])", { 0 }
};


static const zoom_seal_t              *ngx_http_zoom_claim_purge_seal;
static ngx_http_zoom_claim_purged_pt   ngx_http_zoom_claim_purge_handler;


void
ngx_http_zoom_claim_purge_init(const zoom_seal_t *seal,
    ngx_http_zoom_claim_purged_pt purged)
{
    ngx_http_zoom_claim_purge_seal = seal;
    ngx_http_zoom_claim_purge_handler = purged;
}


/* The nonce of the news is its number. */

ngx_uint_t
ngx_http_zoom_claim_purge(const ngx_str_t *prefix)
{
    u_char      *p;
    ngx_str_t    args[4];
    ngx_uint_t   number;
    zoom_buf_t   b;
    u_char       nonce[ZOOM_SEAL_NONCE_LEN];
    u_char       key[NGX_HTTP_ZOOM_PURGE_KEY];
    u_char       text[sizeof(NGX_HTTP_ZOOM_PURGE_WORD) + ZOOM_SEAL_EXTRA
                      + NGX_HTTP_ZOOM_PURGE_PREFIX];

    if (ngx_http_zoom_claim_purge_seal == NULL) {
        return 0;
    }

    zoom_buf_init(&b, text, sizeof(text));
    zoom_buf_c(&b, NGX_HTTP_ZOOM_PURGE_WORD);

    p = ngx_http_zoom_claim_purge_mark(key, key + sizeof(key), prefix->data,
                                       prefix->len);

    if (p == NULL || RAND_bytes(nonce, sizeof(nonce)) != 1
        || zoom_seal(&b, ngx_http_zoom_claim_purge_seal, nonce,
                     zoom_str_c("purge"), ngx_http_zoom_str(prefix))
           != 0)
    {
        return 0;
    }

    args[0].data = key;
    args[0].len = p - key;
    ngx_str_set(&args[1], NGX_HTTP_ZOOM_PURGE_LIFE);
    args[2] = *ngx_http_zoom_redis_channel();
    args[3].data = b.data;
    args[3].len = b.len;

    if (ngx_http_zoom_redis_run(&ngx_http_zoom_claim_purge_script, 1, args, 4,
                                NULL, NULL)
        == NULL)
    {
        return 0;
    }

    ngx_memcpy(&number, nonce, sizeof(number));

    return number;
}


u_char *
ngx_http_zoom_claim_purge_mark(u_char *p, u_char *last, const u_char *prefix,
    size_t len)
{
    unsigned int  n;
    u_char        md[EVP_MAX_MD_SIZE];

    if (EVP_Digest(prefix, len, md, &n, EVP_sha256(), NULL) != 1) {
        return NULL;
    }

    p = ngx_slprintf(p, last - 32, "%V:purge:", ngx_http_zoom_redis_prefix());

    return ngx_hex_dump(p, md, 16);
}


ngx_uint_t
ngx_http_zoom_claim_purge_news(const ngx_str_t *text)
{
    size_t       skip;
    ngx_str_t    prefix;
    ngx_uint_t   number;
    zoom_buf_t   b;
    zoom_str_t   sealed;
    u_char       buf[NGX_HTTP_ZOOM_PURGE_PREFIX];

    skip = sizeof(NGX_HTTP_ZOOM_PURGE_WORD) - 1;

    if (text->len < skip + ZOOM_SEAL_EXTRA
        || ngx_memcmp(text->data, NGX_HTTP_ZOOM_PURGE_WORD, skip) != 0)
    {
        return 0;
    }

    sealed.data = text->data + skip;
    sealed.len = text->len - skip;

    zoom_buf_init(&b, buf, sizeof(buf));

    if (zoom_open(&b, ngx_http_zoom_claim_purge_seal,
                  zoom_str_c("purge"), sealed)
        >= 0)
    {
        /* behind the version */

        ngx_memcpy(&number, sealed.data + 1, sizeof(number));

        prefix.data = b.data;
        prefix.len = b.len;

        ngx_http_zoom_claim_purge_handler(&prefix, number);
    }

    return 1;
}

#else


void
ngx_http_zoom_claim_purge_init(const zoom_seal_t *seal,
    ngx_http_zoom_claim_purged_pt purged)
{
}


ngx_uint_t
ngx_http_zoom_claim_purge(const ngx_str_t *prefix)
{
    return 0;
}

#endif
