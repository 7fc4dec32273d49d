#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_shared_user.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_missed.h"
#include "ngx_http_zoom_news.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_str.h"


#define NGX_HTTP_ZOOM_SHARED_USER_ABOUT   "users"
#define NGX_HTTP_ZOOM_SHARED_USER_NEWS    1024   /* pool, name and id */


/* What is sealed before pool, name and id, with zeros between these. */

typedef struct {
    int64_t                      out;
    int64_t                      fails;
    int64_t                      code;
    int64_t                      what;
} ngx_http_zoom_shared_user_head_t;


static ngx_int_t ngx_http_zoom_shared_user_read(zoom_buf_t *plain,
    ngx_http_zoom_shared_user_t *user);


/* KEYS: what was told; ARGV: news, channel. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_shared_user_tell_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    NGX_HTTP_ZOOM_MISSED_KEEP("KEYS[1]", "ARGV[1]")
    "return redis.call('PUBLISH', ARGV[2], ARGV[1])", { 0 }
};


static const zoom_seal_t             *ngx_http_zoom_shared_user_seal;
static ngx_http_zoom_shared_user_pt   ngx_http_zoom_shared_user_told;


void
ngx_http_zoom_shared_user_init(const zoom_seal_t *seal,
    ngx_http_zoom_shared_user_pt told)
{
    ngx_http_zoom_shared_user_seal = seal;
    ngx_http_zoom_shared_user_told = told;
}


/* A name that is too long is no user's. */

void
ngx_http_zoom_shared_user_tell(const ngx_http_zoom_shared_user_t *user)
{
    ngx_str_t                         args[3];
    zoom_buf_t                        b, to;
    zoom_str_t                        plain;
    ngx_http_zoom_shared_user_head_t  head;
    u_char                            key[NGX_HTTP_ZOOM_MISSED_KEY];
    u_char                            text[NGX_HTTP_ZOOM_SHARED_USER_NEWS];
    u_char                            news[NGX_HTTP_ZOOM_NEWS_EXTRA
                                           + sizeof(text)];

    head.out = user->left;
    head.fails = user->fails;
    head.code = user->code;
    head.what = user->what;

    zoom_buf_init(&b, text, sizeof(text));
    zoom_buf_add(&b, &head, sizeof(head));
    zoom_buf_str(&b, ngx_http_zoom_str(&user->pool));
    zoom_buf_add(&b, "", 1);
    zoom_buf_str(&b, ngx_http_zoom_str(&user->name));
    zoom_buf_add(&b, "", 1);
    zoom_buf_str(&b, ngx_http_zoom_str(&user->id));

    plain.data = b.data;
    plain.len = b.len;

    zoom_buf_init(&to, news, sizeof(news));

    if (b.overflow
        || ngx_http_zoom_news_seal(&to, ngx_http_zoom_shared_user_seal,
                                   NGX_HTTP_ZOOM_SHARED_USER_ABOUT, plain,
                                   NULL)
           != NGX_OK)
    {
        return;
    }

    args[0] = ngx_http_zoom_missed_key(NGX_HTTP_ZOOM_MISSED_USERS, key);
    args[1].data = to.data;
    args[1].len = to.len;
    args[2] = *ngx_http_zoom_redis_channel();

    (void) ngx_http_zoom_redis_run(&ngx_http_zoom_shared_user_tell_script, 1,
                                   args, 3, NULL, NULL);
}


ngx_uint_t
ngx_http_zoom_shared_user_news(const ngx_str_t *text, int64_t age)
{
    ngx_int_t                    rc;
    zoom_buf_t                   plain;
    ngx_http_zoom_shared_user_t  user;
    u_char                       buf[NGX_HTTP_ZOOM_SHARED_USER_NEWS];

    zoom_buf_init(&plain, buf, sizeof(buf));

    rc = ngx_http_zoom_news_open(&plain, ngx_http_zoom_shared_user_seal,
                                 NGX_HTTP_ZOOM_SHARED_USER_ABOUT, text, NULL);

    if (rc == NGX_OK
        && ngx_http_zoom_shared_user_read(&plain, &user) == NGX_OK)
    {
        user.age = (ngx_msec_t) age;
        user.left -= ngx_min(user.age, user.left);

        ngx_http_zoom_shared_user_told(&user);
    }

    return rc != NGX_DECLINED;
}


static ngx_int_t
ngx_http_zoom_shared_user_read(zoom_buf_t *plain,
    ngx_http_zoom_shared_user_t *user)
{
    u_char                            *p, *last;
    ngx_http_zoom_shared_user_head_t   head;

    if (plain->len < sizeof(head)) {
        return NGX_ERROR;
    }

    ngx_memcpy(&head, plain->data, sizeof(head));

    user->left = (ngx_msec_t) head.out;
    user->fails = (ngx_uint_t) head.fails;
    user->code = (int) head.code;
    user->what = (ngx_http_zoom_shared_user_e) head.what;

    last = plain->data + plain->len;

    user->pool.data = plain->data + sizeof(head);

    p = ngx_strlchr(user->pool.data, last, '\0');

    if (p == NULL) {
        return NGX_ERROR;
    }

    user->pool.len = p - user->pool.data;
    user->name.data = p + 1;

    p = ngx_strlchr(user->name.data, last, '\0');

    if (p == NULL) {
        return NGX_ERROR;
    }

    user->name.len = p - user->name.data;
    user->id.data = p + 1;
    user->id.len = last - user->id.data;

    return NGX_OK;
}

#else /* ngx_http_zoom_claim_used() is never true */

void
ngx_http_zoom_shared_user_init(const zoom_seal_t *seal,
    ngx_http_zoom_shared_user_pt told)
{
}


void
ngx_http_zoom_shared_user_tell(const ngx_http_zoom_shared_user_t *user)
{
}

#endif
