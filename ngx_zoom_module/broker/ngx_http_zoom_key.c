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


static void ngx_http_zoom_key_credential(zoom_buf_t *b,
    ngx_http_zoom_key_t *key, const ngx_http_zoom_worker_account_t *wa);
static void ngx_http_zoom_key_user(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user);
static void ngx_http_zoom_key_start(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const char *kind);
static void ngx_http_zoom_key_part(zoom_buf_t *b, zoom_str_t part);
static ngx_int_t ngx_http_zoom_key_end(zoom_buf_t *b,
    ngx_http_zoom_key_t *key, const ngx_http_zoom_worker_account_t *wa,
    const u_char *seed, size_t skip);


static const u_char  *ngx_http_zoom_key_seed;


void
ngx_http_zoom_key_init_process(const u_char *seed)
{
    ngx_http_zoom_key_seed = seed;
}


ngx_int_t
ngx_http_zoom_key_init_account(ngx_http_zoom_worker_account_t *wa,
    ngx_pool_t *pool)
{
    uint64_t                        hash[2];
    zoom_buf_t                      b;
    zoom_str_t                      part;
    ngx_http_zoom_key_t             key;
    u_char                          buf[NGX_HTTP_ZOOM_KEY_MAX],
                                    seed[ZOOM_HASH_KEY_LEN];
    const ngx_http_zoom_account_t  *account;

    account = wa->account;
    key.data = buf;

    ngx_http_zoom_key_start(&b, &key, "token");

    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(&account->api.url));
    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(&account->account_id));
    ngx_http_zoom_key_part(&b,
                           ngx_http_zoom_str(&account->credential.client_id));

    wa->prefix.len = b.len;
    wa->prefix.data = ngx_pnalloc(pool, b.len);

    if (b.overflow || wa->prefix.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(wa->prefix.data, buf, b.len);

    part = ngx_http_zoom_str(&wa->prefix);
    ngx_memcpy(seed, ngx_http_zoom_key_seed, sizeof(seed));

    hash[0] = zoom_hash(seed, part);
    seed[0] ^= 1;
    hash[1] = zoom_hash(seed, part);

    ngx_memcpy(wa->seed, hash, sizeof(wa->seed));

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_key_access(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa)
{
    ngx_int_t   rc;
    zoom_buf_t  b;

    ngx_http_zoom_key_credential(&b, key, wa);

    key->pinned = 1;

    rc = ngx_http_zoom_key_end(&b, key, wa, ngx_http_zoom_key_seed, 0);

    key->scopes[0] = (uint16_t) key->len;

    return rc;
}


ngx_int_t
ngx_http_zoom_key_user_access(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user)
{
    size_t      app;
    ngx_int_t   rc;
    zoom_buf_t  b;

    ngx_http_zoom_key_credential(&b, key, wa);

    app = b.len;

    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(user));

    /* there may be too many to keep, and each can be minted again */

    key->pinned = 0;

    rc = ngx_http_zoom_key_end(&b, key, wa, ngx_http_zoom_key_seed, 0);

    key->scopes[0] = (uint16_t) app;
    key->scopes[1] = (uint16_t) key->len;

    return rc;
}


static void
ngx_http_zoom_key_credential(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa)
{
    zoom_str_t                      part;
    const ngx_http_zoom_account_t  *account;

    account = wa->account;

    ngx_http_zoom_key_start(b, key, "access");

    ngx_http_zoom_key_part(b,
                           ngx_http_zoom_str(&account->credential.oauth.url));
    ngx_http_zoom_key_part(b, ngx_http_zoom_str(&account->account_id));
    ngx_http_zoom_key_part(b,
                           ngx_http_zoom_str(&account->credential.client_id));

    part.data = account->credential.sum;
    part.len = sizeof(account->credential.sum);
    ngx_http_zoom_key_part(b, part);
}


ngx_int_t
ngx_http_zoom_key_name(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *name)
{
    zoom_buf_t  b;

    ngx_http_zoom_key_start(&b, key, "name");
    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(&wa->account->consent.app));
    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(name));

    key->pinned = 0;

    return ngx_http_zoom_key_end(&b, key, wa, ngx_http_zoom_key_seed, 0);
}


ngx_int_t
ngx_http_zoom_key_token(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_token_req_t *req)
{
    size_t      user;
    uint64_t    what;
    ngx_int_t   rc;
    zoom_buf_t  b;
    zoom_str_t  part;

    ngx_http_zoom_key_user(&b, key, wa, &req->user);

    user = b.len;

    what = (uint64_t) req->ttl << 16 | (uint64_t) req->type << 8
           | (req->webinar ? 2 : 0) | (req->bypass ? 1 : 0);

    part.data = (unsigned char *) &what;
    part.len = sizeof(uint64_t);
    ngx_http_zoom_key_part(&b, part);

    ngx_http_zoom_key_part(&b, ngx_http_zoom_str(&req->meeting));

    key->pinned = 0;

    rc = ngx_http_zoom_key_end(&b, key, wa, wa->seed, wa->prefix.len);

    key->once = zoom_token_types[req->type].once;
    key->scopes[0] = (uint16_t) wa->prefix.len;
    key->scopes[1] = (uint16_t) user;

    return rc;
}


ngx_int_t
ngx_http_zoom_key_prefix(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user)
{
    zoom_buf_t  b;

    ngx_http_zoom_key_user(&b, key, wa, user);

    key->pinned = 0;

    return ngx_http_zoom_key_end(&b, key, wa, wa->seed, wa->prefix.len);
}


static void
ngx_http_zoom_key_user(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user)
{
    uint16_t  len;

    zoom_buf_init(b, key->data, NGX_HTTP_ZOOM_KEY_MAX);
    zoom_buf_str(b, ngx_http_zoom_str(&wa->prefix));

    if (user == NULL) {
        return;
    }

    len = (uint16_t) user->len;

    zoom_buf_add(b, &len, sizeof(uint16_t));
    zoom_user_fold(b, ngx_http_zoom_str(user));

    b->overflow |= (user->len > ZOOM_USER_MAX);
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


/*
 * What an account's keys have in common is in its seed, and need not be hashed
 * again for each of them.
 */

static ngx_int_t
ngx_http_zoom_key_end(zoom_buf_t *b, ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const u_char *seed, size_t skip)
{
    zoom_str_t  part;

    part.data = b->data + skip;
    part.len = b->len - skip;

    key->scopes[0] = 0;
    key->scopes[1] = 0;
    key->once = 0;
    key->who = 0;
    key->state = ngx_http_zoom_state_index(wa->zone, wa->state);
    key->len = b->len;
    key->hash = (uint32_t) zoom_hash(seed, part);

    return b->overflow ? NGX_ERROR : NGX_OK;
}
