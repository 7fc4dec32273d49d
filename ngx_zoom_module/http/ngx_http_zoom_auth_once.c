/*
 * What of a line is good for one request only: a webhook, and with zoom_replay
 * a body of Attendee's.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_once.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_str.h"


/* seconds, see ngx_http_zoom_auth_lasts() */
#define NGX_HTTP_ZOOM_AUTH_LUA    60
#define NGX_HTTP_ZOOM_AUTH_SPARE  5

#define NGX_HTTP_ZOOM_AUTH_PARTS  8


/* What makes two requests with the same webhook the very same. */

typedef struct {
    in_port_t                    port;
    ngx_str_t                    parts[NGX_HTTP_ZOOM_AUTH_PARTS];
    ngx_http_zoom_digest_t       digest;
    ngx_http_zoom_once_mark_t    mark;
} ngx_http_zoom_auth_request_t;


static const zoom_hmac_t *ngx_http_zoom_auth_key(
    const ngx_http_zoom_auth_line_t *line);
static time_t ngx_http_zoom_auth_lasts(const ngx_http_zoom_loc_conf_t *zlcf);
static ngx_int_t ngx_http_zoom_auth_use_webhook(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const zoom_hmac_t *key, time_t lasts);
static ngx_int_t ngx_http_zoom_auth_use_signatures(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, ngx_http_zoom_auth_request_t *by,
    time_t lasts);
static ngx_int_t ngx_http_zoom_auth_request(ngx_http_request_t *r,
    const ngx_http_zoom_webhook_t *webhook,
    ngx_http_zoom_auth_request_t *by);
static ngx_int_t ngx_http_zoom_auth_use_body(ngx_http_request_t *r,
    const ngx_http_zoom_loc_conf_t *zlcf, ngx_http_zoom_auth_t *auth,
    const ngx_str_t *signature);
static ngx_int_t ngx_http_zoom_auth_share(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_http_zoom_once_mark_t *mark,
    const ngx_str_t *parts, ngx_uint_t n);
static void ngx_http_zoom_auth_unshare(ngx_http_zoom_auth_t *auth);
static void ngx_http_zoom_auth_settle_webhook(ngx_http_zoom_auth_t *auth,
    ngx_uint_t spent);
static void ngx_http_zoom_auth_end(ngx_http_zoom_reserved_t *reserved,
    ngx_uint_t spent);


ngx_int_t
ngx_http_zoom_auth_once(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_http_zoom_auth_line_t *line, const ngx_str_t *signature)
{
    ngx_int_t                        rc;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    /* an error_page may lead the same request to another location of ours */

    if (line->webhooks && !auth->used_id) {
        rc = ngx_http_zoom_auth_use_webhook(r, auth,
                                            ngx_http_zoom_auth_key(line),
                                            ngx_http_zoom_auth_lasts(zlcf));

        if (rc != NGX_OK) {
            ngx_http_zoom_auth_settle_webhook(auth, 0);
            ngx_http_zoom_auth_unshare(auth);
            return rc;
        }

        auth->used_id = 1;
    }

    if (line->attendee && zlcf->replay && !auth->used_body) {
        auth->body.lasts = ngx_http_zoom_auth_lasts(zlcf);

        rc = ngx_http_zoom_auth_use_body(r, zlcf, auth, signature);

        if (rc != NGX_OK) {
            return rc;
        }

        auth->used_body = 1;
    }

    return NGX_OK;
}


/* Of the first of its webhooks. */

static const zoom_hmac_t *
ngx_http_zoom_auth_key(const ngx_http_zoom_auth_line_t *line)
{
    const ngx_http_zoom_proof_t  *proof;

    proof = line->proofs.elts;

    while (proof->scheme != NGX_HTTP_ZOOM_AUTH_WEBHOOKS) {
        proof++;
    }

    return proof->key;
}


/*
 * A reservation ends with its request.  Should a worker hang for longer, this
 * is when it lapses.  Handlers of ours keep to zoom_timeout; of one that Lua
 * has nobody knows.
 */

static time_t
ngx_http_zoom_auth_lasts(const ngx_http_zoom_loc_conf_t *zlcf)
{
    return (zlcf->use.name ? (time_t) zlcf->timeout / 1000
                           : NGX_HTTP_ZOOM_AUTH_LUA)
           + NGX_HTTP_ZOOM_AUTH_SPARE;
}


/*
 * The id is a sender's for one message and all our locations.  Who the sender
 * is only the secret tells: a caller must not spend an id of another's, and one
 * secret may stand in several places.  While secrets are exchanged a webhook is
 * signed with both; either signature alone, seen by a stranger, is the same
 * webhook, so all of them are remembered, whatever they are good for now.
 */

static ngx_int_t
ngx_http_zoom_auth_use_webhook(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const zoom_hmac_t *key, time_t lasts)
{
    u_char                        sum[ZOOM_SHA256_LEN];
    ngx_int_t                     rc;
    ngx_str_t                     id[2];
    ngx_http_zoom_auth_request_t  by;

    ngx_str_set(&id[0], "webhook");
    id[1].data = sum;
    id[1].len = sizeof(sum);

    /* no signed text is without a dot, as the id is */

    if (zoom_hmac(key, auth->webhook->sent.id, sum) != 0
        || ngx_http_zoom_replay_digest(&auth->id.digest, id, 2) != NGX_OK
        || ngx_http_zoom_auth_request(r, auth->webhook, &by) != NGX_OK)
    {
        return NGX_ERROR;
    }

    auth->id.lasts = lasts;

    rc = ngx_http_zoom_replay_reserve_id(&auth->id, &by.digest,
                                         auth->webhook->at
                                         + ZOOM_STDWEBHOOKS_WINDOW);

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_auth_share(r, auth, &by.mark, id, 2);
    }

    return (rc == NGX_OK)
           ? ngx_http_zoom_auth_use_signatures(r, auth, &by, lasts) : rc;
}


/* A single secret stands for its ids, unless it has been one of several. */

static ngx_int_t
ngx_http_zoom_auth_use_signatures(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, ngx_http_zoom_auth_request_t *by,
    time_t lasts)
{
    ngx_int_t                  rc;
    ngx_str_t                  signature[2];
    ngx_uint_t                 i, n;
    ngx_http_zoom_digest_t     digest;
    ngx_http_zoom_reserved_t  *reserved;
    unsigned char              sums[ZOOM_STDWEBHOOKS_SIGNATURES_MAX]
                                   [ZOOM_SHA256_LEN];

    n = zoom_stdwebhooks_sums(auth->webhook->sent.signature, sums);

    if (auth->signatures == NULL) {
        auth->signatures = ngx_pcalloc(r->pool,
                                       ZOOM_STDWEBHOOKS_SIGNATURES_MAX
                                       * sizeof(ngx_http_zoom_reserved_t));
        if (auth->signatures == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_str_set(&signature[0], "signature");

    for (i = 0; i < n; i++) {
        signature[1].data = sums[i];
        signature[1].len = ZOOM_SHA256_LEN;

        if (ngx_http_zoom_replay_digest(&digest, signature, 2) != NGX_OK) {
            return NGX_ERROR;
        }

        if (n == 1) {
            rc = ngx_http_zoom_replay_look(&digest);

            by->mark.kind = NGX_HTTP_ZOOM_ONCE_LOOK;
            by->mark.nrequest = 0;

            return (rc == NGX_OK)
                   ? ngx_http_zoom_auth_share(r, auth, &by->mark, signature, 2)
                   : rc;
        }

        reserved = &auth->signatures[i];
        reserved->digest = digest;
        reserved->lasts = lasts;

        rc = ngx_http_zoom_replay_reserve_id(reserved, &by->digest,
                                             auth->webhook->at
                                             + ZOOM_STDWEBHOOKS_WINDOW);

        if (rc == NGX_OK) {
            rc = ngx_http_zoom_auth_share(r, auth, &by->mark, signature, 2);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


/*
 * What makes two requests the very same.  What has been overwritten in the URI
 * was equal in length.
 */

static ngx_int_t
ngx_http_zoom_auth_request(ngx_http_request_t *r,
    const ngx_http_zoom_webhook_t *webhook, ngx_http_zoom_auth_request_t *by)
{
    ngx_str_t  *request;

    if (ngx_connection_local_sockaddr(r->connection, NULL, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    by->port = ngx_inet_get_port(r->connection->local_sockaddr);

    request = by->parts;

    ngx_str_set(&request[0], "request");
    request[1] = ngx_http_zoom_ngx_str(webhook->sent.timestamp);
    request[2] = ngx_http_zoom_ngx_str(webhook->sent.signature);
    request[3] = r->method_name;
    request[4] = r->headers_in.server;
    request[5].data = (u_char *) &by->port;
    request[5].len = sizeof(in_port_t);
    request[6] = r->unparsed_uri;
    request[7] = webhook->body;

    by->mark.kind = NGX_HTTP_ZOOM_ONCE_UNTIL;
    by->mark.lasts = webhook->at + ZOOM_STDWEBHOOKS_WINDOW - ngx_time() + 1;
    by->mark.count = 1;
    by->mark.request = request;
    by->mark.nrequest = NGX_HTTP_ZOOM_AUTH_PARTS;

    return ngx_http_zoom_replay_digest(&by->digest, request,
                                       NGX_HTTP_ZOOM_AUTH_PARTS);
}


/* The signature tells bodies and secrets apart, however a body is spelled. */

static ngx_int_t
ngx_http_zoom_auth_use_body(ngx_http_request_t *r,
    const ngx_http_zoom_loc_conf_t *zlcf, ngx_http_zoom_auth_t *auth,
    const ngx_str_t *signature)
{
    ngx_int_t                  rc;
    ngx_str_t                  body[2];
    ngx_http_zoom_once_mark_t  mark;

    ngx_str_set(&body[0], "body");
    body[1] = *signature;

    if (ngx_http_zoom_replay_digest(&auth->body.digest, body, 2) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_zoom_replay_reserve_body(&auth->body, zlcf->replay,
                                           zlcf->replay_count);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memzero(&mark, sizeof(ngx_http_zoom_once_mark_t));

    mark.kind = NGX_HTTP_ZOOM_ONCE_WITHIN;
    mark.lasts = zlcf->replay;
    mark.count = zlcf->replay_count;

    return ngx_http_zoom_auth_share(r, auth, &mark, body, 2);
}


/* What was reserved here is to be reserved on all hosts. */

static ngx_int_t
ngx_http_zoom_auth_share(ngx_http_request_t *r, ngx_http_zoom_auth_t *auth,
    const ngx_http_zoom_once_mark_t *mark, const ngx_str_t *parts,
    ngx_uint_t n)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (!ngx_http_zoom_claim_used()) {
        return NGX_OK;
    }

    if (auth->once == NULL) {
        zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

        auth->once = ngx_http_zoom_once_create(r->pool,
                                               NGX_HTTP_ZOOM_ONCE_MARKS_MAX,
                                               ngx_http_zoom_auth_lasts(zlcf),
                                               ngx_cycle->log);
        if (auth->once == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_http_zoom_once_add(auth->once, mark, parts, n);
}


static void
ngx_http_zoom_auth_unshare(ngx_http_zoom_auth_t *auth)
{
    if (auth->once) {
        ngx_http_zoom_once_reset(auth->once);
    }
}


void
ngx_http_zoom_auth_settle(ngx_http_zoom_auth_t *auth, ngx_uint_t spent)
{
    ngx_http_zoom_auth_settle_webhook(auth, spent);
    ngx_http_zoom_auth_end(&auth->body, spent);

    if (auth->once) {
        ngx_http_zoom_once_end(auth->once, spent);
        auth->once = NULL;
    }

    if (!spent) {
        auth->used_id = 0;
        auth->used_body = 0;
    }
}


static void
ngx_http_zoom_auth_settle_webhook(ngx_http_zoom_auth_t *auth,
    ngx_uint_t spent)
{
    ngx_uint_t  i;

    ngx_http_zoom_auth_end(&auth->id, spent);

    if (auth->signatures == NULL) {
        return;
    }

    for (i = 0; i < ZOOM_STDWEBHOOKS_SIGNATURES_MAX; i++) {
        ngx_http_zoom_auth_end(&auth->signatures[i], spent);
    }
}


/* Harmless where nothing is reserved. */

static void
ngx_http_zoom_auth_end(ngx_http_zoom_reserved_t *reserved, ngx_uint_t spent)
{
    if (spent) {
        ngx_http_zoom_replay_commit(reserved);

    } else {
        ngx_http_zoom_replay_release(reserved);
    }
}
