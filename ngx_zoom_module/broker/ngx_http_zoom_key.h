/*
 * The store's keys: what makes two asks one.  Parts are length-prefixed and
 * compared whole.
 */

#ifndef _NGX_HTTP_ZOOM_KEY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_KEY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_worker_account.h"


/*
 * "key->data" points to NGX_HTTP_ZOOM_KEY_MAX bytes of the caller.  NGX_ERROR:
 * does not fit, which the bounds on what goes into an account and on a user
 * rule out.
 */

/* Once per worker process: the key of their hashes, which is borrowed. */
void ngx_http_zoom_key_init_process(const u_char *seed);

/*
 * Once per worker and account, after the above: what the keys of its tokens
 * begin with.  NGX_ERROR: no memory.
 */

ngx_int_t ngx_http_zoom_key_init_account(ngx_http_zoom_worker_account_t *wa,
    ngx_pool_t *pool);

/* (oauth_url, account_id, client_id, hash of the secret) */
ngx_int_t ngx_http_zoom_key_access(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa);

/*
 * What follows concerns an account of users.  (app, name): whose a name is, one
 * that has been folded; and as for an access token, with the id of a user.
 */

ngx_int_t ngx_http_zoom_key_name(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *name);
ngx_int_t ngx_http_zoom_key_user_access(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user);

/*
 * (api_url, account_id, client_id, user with e-mails in lower case, type, ttl,
 * meeting, flags); what a type does not need is empty.
 */

ngx_int_t ngx_http_zoom_key_token(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_token_req_t *req);

/* How the keys of all its tokens begin, or with "user" those of one user. */
ngx_int_t ngx_http_zoom_key_prefix(ngx_http_zoom_key_t *key,
    const ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user);


#endif /* _NGX_HTTP_ZOOM_KEY_H_INCLUDED_ */
