#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_claim_purge.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>

#include "ngx_http_zoom_missed.h"
#include "ngx_http_zoom_news.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_str.h"
#include "zoom_seal.h"
#include "zoom_string.h"


/* a value of the store's lives for a day at most, milliseconds */

#define NGX_HTTP_ZOOM_PURGE_LIFE    "86400000"

#define NGX_HTTP_ZOOM_PURGE_ABOUT   "purge"
#define NGX_HTTP_ZOOM_PURGE_PREFIX  1024         /* of the zone's keys */
#define NGX_HTTP_ZOOM_PURGE_KEY     128


/* KEYS: mark, what was purged; ARGV: the mark's life, channel, news. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_purge_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "redis.call('SET', KEYS[1], string.format('%.0f', now), 'PX', ARGV[1]) "
    NGX_HTTP_ZOOM_MISSED_KEEP("KEYS[2]", "ARGV[3]")
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


ngx_uint_t
ngx_http_zoom_claim_purge(const ngx_str_t *prefix)
{
    u_char      *p;
    ngx_str_t    args[5];
    ngx_uint_t   number;
    zoom_buf_t   b;
    u_char       key[NGX_HTTP_ZOOM_PURGE_KEY], set[NGX_HTTP_ZOOM_MISSED_KEY];
    u_char       text[NGX_HTTP_ZOOM_NEWS_EXTRA + NGX_HTTP_ZOOM_PURGE_PREFIX];

    if (ngx_http_zoom_claim_purge_seal == NULL) {
        return 0;
    }

    zoom_buf_init(&b, text, sizeof(text));

    p = ngx_http_zoom_claim_purge_mark(key, key + sizeof(key), prefix->data,
                                       prefix->len);

    if (p == NULL
        || ngx_http_zoom_news_seal(&b, ngx_http_zoom_claim_purge_seal,
                                   NGX_HTTP_ZOOM_PURGE_ABOUT,
                                   ngx_http_zoom_str(prefix), &number)
           != NGX_OK)
    {
        return 0;
    }

    args[0].data = key;
    args[0].len = p - key;
    args[1] = ngx_http_zoom_missed_key(NGX_HTTP_ZOOM_MISSED_PURGES, set);
    ngx_str_set(&args[2], NGX_HTTP_ZOOM_PURGE_LIFE);
    args[3] = *ngx_http_zoom_redis_channel();
    args[4].data = b.data;
    args[4].len = b.len;

    if (ngx_http_zoom_redis_run(&ngx_http_zoom_claim_purge_script, 2, args, 5,
                                NULL, NULL)
        == NULL)
    {
        return 0;
    }

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
ngx_http_zoom_claim_purge_news(const ngx_str_t *text, int64_t age)
{
    ngx_int_t    rc;
    ngx_str_t    prefix;
    ngx_uint_t   number;
    zoom_buf_t   b;
    u_char       buf[NGX_HTTP_ZOOM_PURGE_PREFIX];

    zoom_buf_init(&b, buf, sizeof(buf));

    rc = ngx_http_zoom_news_open(&b, ngx_http_zoom_claim_purge_seal,
                                 NGX_HTTP_ZOOM_PURGE_ABOUT, text, &number);

    if (rc == NGX_OK) {
        prefix.data = b.data;
        prefix.len = b.len;

        ngx_http_zoom_claim_purge_handler(&prefix, number, age);
    }

    return rc != NGX_DECLINED;
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
