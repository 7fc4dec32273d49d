#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_str.h"
#include "zoom_hash.h"
#include "zoom_string.h"
#include "zoom_token_type.h"
#include "zoom_user.h"


static void ngx_http_zoom_key_user(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_account_t *account, const ngx_str_t *user);
static void ngx_http_zoom_key_start(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const char *kind);
static void ngx_http_zoom_key_part(zoom_buf_t *b, zoom_str_t part);
static void ngx_http_zoom_key_number(zoom_buf_t *b, uint64_t n);
static ngx_int_t ngx_http_zoom_key_end(zoom_buf_t *b,
    ngx_http_zoom_key_t *key, const ngx_http_zoom_worker_account_t *wa);


static const u_char  *ngx_http_zoom_key_seed;


void
ngx_http_zoom_key_init_process(const u_char *seed)
{
    ngx_http_zoom_key_seed = seed;
}


ngx_int_t
ngx_http_zoom_key_access(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa)
{
    zoom_buf_t                      b;
    zoom_str_t                      part;
    const ngx_http_zoom_account_t  *account;

    account = wa->account;

    ngx_http_zoom_key_start(&b, key, "access");

    ngx_http_zoom_key_part(&b,
                           ngx_http_zoom_str(&account->credential.oauth.url));
    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(&account->account_id));
    ngx_http_zoom_key_part(&b,
                           ngx_http_zoom_str(&account->credential.client_id));

    part.data = account->credential.sum;
    part.len = sizeof(account->credential.sum);
    ngx_http_zoom_key_part(&b, part);

    key->pinned = 1;

    return ngx_http_zoom_key_end(&b, key, wa);
}


ngx_int_t
ngx_http_zoom_key_token(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_token_req_t *req)
{
    ngx_int_t   rc;
    zoom_buf_t  b;

    ngx_http_zoom_key_user(&b, key, wa->account, &req->user);

    ngx_http_zoom_key_number(&b, req->type);
    ngx_http_zoom_key_number(&b, req->ttl);
    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(&req->meeting));
    ngx_http_zoom_key_number(&b, req->webinar);
    ngx_http_zoom_key_number(&b, req->bypass);

    key->pinned = 0;

    rc = ngx_http_zoom_key_end(&b, key, wa);

    key->once = zoom_token_types[req->type].once;

    return rc;
}


ngx_int_t
ngx_http_zoom_key_prefix(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user)
{
    zoom_buf_t  b;

    ngx_http_zoom_key_user(&b, key, wa->account, user);

    key->pinned = 0;

    return ngx_http_zoom_key_end(&b, key, wa);
}


static void
ngx_http_zoom_key_user(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_account_t *account, const ngx_str_t *user)
{
    zoom_buf_t     folded;
    zoom_str_t     part;
    unsigned char  buf[ZOOM_USER_MAX];

    ngx_http_zoom_key_start(b, key, "token");

    ngx_http_zoom_key_part(b, ngx_http_zoom_str(&account->api.url));
    ngx_http_zoom_key_part(b, ngx_http_zoom_str(&account->account_id));
    ngx_http_zoom_key_part(b,
                           ngx_http_zoom_str(&account->credential.client_id));

    if (user == NULL) {
        return;
    }

    zoom_buf_init(&folded, buf, sizeof(buf));
    zoom_user_fold(&folded, ngx_http_zoom_str(user));

    part.data = folded.data;
    part.len = folded.len;
    ngx_http_zoom_key_part(b, part);

    b->overflow |= folded.overflow;
}


static void
ngx_http_zoom_key_start(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const char *kind)
{
    zoom_buf_init(b, key->data, NGX_HTTP_ZOOM_KEY_MAX);
    ngx_http_zoom_key_part(b, zoom_str_c(kind));
}


static void
ngx_http_zoom_key_part(zoom_buf_t *b, zoom_str_t part)
{
    uint16_t  len;

    len = (uint16_t) part.len;

    zoom_buf_add(b, &len, sizeof(uint16_t));
    zoom_buf_str(b, part);
}


static void
ngx_http_zoom_key_number(zoom_buf_t *b, uint64_t n)
{
    zoom_str_t  part;

    part.data = (unsigned char *) &n;
    part.len = sizeof(uint64_t);

    ngx_http_zoom_key_part(b, part);
}


static ngx_int_t
ngx_http_zoom_key_end(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa)
{
    zoom_str_t  part;

    part.data = b->data;
    part.len = b->len;

    key->once = 0;
    key->state = ngx_http_zoom_state_index(wa->zone, wa->state);
    key->len = b->len;
    key->hash = (uint32_t) zoom_hash(ngx_http_zoom_key_seed, part);

    return b->overflow ? NGX_ERROR : NGX_OK;
}
