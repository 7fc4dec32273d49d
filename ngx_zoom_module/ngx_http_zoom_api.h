/*
 * What the first module lends to those that share no symbol with it: the Lua
 * module, and whoever comes by FFI.  A table of functions in a spare hook of
 * ngx_http_zoom_module, so that nginx may load the modules in either order.
 *
 * Any change of this file that an older caller could not live with raises the
 * version.
 */

#ifndef _NGX_HTTP_ZOOM_API_H_INCLUDED_
#define _NGX_HTTP_ZOOM_API_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#define NGX_HTTP_ZOOM_API_MODULE   "ngx_http_zoom_module"
#define NGX_HTTP_ZOOM_API_MAGIC    "zoomapi"
#define NGX_HTTP_ZOOM_API_VERSION  8


/* What an answer may hold, and how many there are. */

#define NGX_HTTP_ZOOM_API_TOKENS   6

/* All that is asked Zoom for, and the labels of its limits. */

#define NGX_HTTP_ZOOM_API_SERVICES  9
#define NGX_HTTP_ZOOM_API_LABELS   4

/* The most names of a user's own, beside the e-mail and Zoom's id. */

#define NGX_HTTP_ZOOM_API_NAMES    16

/* The longest signature. */

#define NGX_HTTP_ZOOM_API_SIGNATURE  1024

/* Of the name of a user of a pool. */
#define NGX_HTTP_ZOOM_API_USER     128


/* zoom_account: opaque, const, and good until the configuration is freed. */

struct ngx_http_zoom_account_s;


/* The life of a token that may be asked for, seconds. */

#define NGX_HTTP_ZOOM_TTL_MIN      60
#define NGX_HTTP_ZOOM_TTL_MAX      (365 * 24 * 60 * 60)


/* Which token. */

typedef struct {
    ngx_int_t                    type;       /* as type() tells it, below */
    ngx_str_t                    user;
    ngx_str_t                    meeting;    /* its id, or nothing */
    time_t                       ttl;        /* seconds; NGX_CONF_UNSET: the
                                                location's */
    int                          webinar;    /* "meeting" is one */
    int                          bypass;     /* the waiting room */
} ngx_http_zoom_token_req_t;


/* Which request to Zoom's REST API. */

typedef struct {
    ngx_str_t                    method;
    ngx_str_t                    path;       /* encoded, with arguments */
    ngx_str_t                    body;       /* JSON, or nothing */
    ngx_str_t                    label;      /* no data: the endpoint's */
} ngx_http_zoom_api_req_t;


/* Who wants a token. */

typedef struct ngx_http_zoom_token_ask_s  ngx_http_zoom_token_ask_t;

struct ngx_http_zoom_token_ask_s {
    /* Set by the caller; strings need not outlive the start. */

    struct ngx_http_zoom_account_s  *account;
    ngx_http_zoom_token_req_t    req;
    ngx_msec_t                   timeout;
    ngx_uint_t                   fresh;      /* 1: none from the store */
    ngx_uint_t                   access;     /* 1: the account's own token; of
                                                the above "timeout" counts */
    ngx_pool_t                  *pool;       /* outlives this */
    void                       (*handler)(ngx_http_zoom_token_ask_t *ask);
    void                        *data;

    /* The result; "token" is set without an error only. */

    const char                  *error;      /* docs/errors.md; or NULL */
    const char                  *status;     /* HIT, MISS, SHARED, STALE, - */
    ngx_str_t                    token;      /* the caller wipes it */
    time_t                       expires;
    time_t                       retry_after;
    int                          code;       /* Zoom's, or 0 */
    int                          http;       /* what zoom_tokens would answer
                                                with; 0 with a token */
    const u_char                *tracking_id;    /* ends with a zero */

    void                        *own;        /* the first module's */
};


/* Who wants a request to be sent. */

typedef struct ngx_http_zoom_request_s  ngx_http_zoom_request_t;

struct ngx_http_zoom_request_s {
    /* Set by the caller; strings need not outlive the start. */

    struct ngx_http_zoom_account_s  *account;
    ngx_http_zoom_api_req_t      req;
    ngx_msec_t                   timeout;
    size_t                       most;       /* bytes of the response's body;
                                                0: 4 MiB */
    void                       (*handler)(ngx_http_zoom_request_t *request);
    void                        *data;

    /* The result: what Zoom answered, good or bad, or an error. */

    const char                  *error;      /* as above; or NULL */
    const char                  *reason;     /* with one: for a log, or NULL */
    int                          http;       /* of the response, or as above */
    ngx_str_t                    head;       /* header lines as they came */
    ngx_str_t                    response;   /* the body */
    time_t                       retry_after;
    const u_char                *tracking_id;    /* ends with a zero */

    void                        *own;        /* the first module's */
};


/* A user who has connected; strings end with a zero, and live with the list. */

typedef struct {
    const u_char                *user;       /* Zoom's id */
    const u_char                *email;
    const u_char                *names[NGX_HTTP_ZOOM_API_NAMES];
    ngx_uint_t                   nnames;
    const char                  *state;      /* "active" or "expired" */
    time_t                       connected;
    time_t                       refreshed;
} ngx_http_zoom_grant_report_t;


/* Who wants to know who has connected, or to disconnect one of them. */

typedef struct ngx_http_zoom_grants_s  ngx_http_zoom_grants_t;

struct ngx_http_zoom_grants_s {
    /* Set by the caller; strings need not outlive the start. */

    struct ngx_http_zoom_account_s  *account;
    ngx_str_t                    user;       /* to disconnect: any name; of a
                                                list: the id it comes after, or
                                                nothing */
    ngx_msec_t                   timeout;
    void                       (*handler)(ngx_http_zoom_grants_t *grants);
    void                        *data;

    /* The result. */

    const char                  *error;      /* as above; or NULL */
    int                          http;       /* with one */
    time_t                       retry_after;
    ngx_uint_t                   n;          /* of the list */
    ngx_uint_t                   more;       /* 1: it goes on after these */

    void                        *own;        /* the first module's */
};


/* What ZoomMtg.join() takes, signed. */

typedef struct {
    ngx_str_t                    text;       /* in "buf" */
    ngx_str_t                    sdk_key;
    time_t                       expires;
    u_char                       buf[NGX_HTTP_ZOOM_API_SIGNATURE];
} ngx_http_zoom_signature_t;


typedef struct {
    const char                  *name;
    uint64_t                     rate;       /* requests in 1000 seconds */
    uint64_t                     day;        /* and in a day; 0: no limit */
    uint64_t                     used;       /* today */
    ngx_msec_t                   wait;       /* of one made now */
} ngx_http_zoom_label_state_t;


/* Names and errors are static, all else is memory that may change. */

typedef struct {
    const char                  *name;
    const char                  *error;      /* NULL: it works as far as is
                                                known */
} ngx_http_zoom_service_state_t;


typedef struct {
    ngx_str_t                    name;
    time_t                       expires;    /* of the access token; 0: none */
    ngx_http_zoom_service_state_t   services[NGX_HTTP_ZOOM_API_SERVICES];
    ngx_uint_t                   nvital;     /* of these, from the first on:
                                                it is out of order without */
    ngx_http_zoom_label_state_t  labels[NGX_HTTP_ZOOM_API_LABELS];
    time_t                       last_time;  /* of a failure; 0: none */
    const char                  *last_error;
    int                          last_code;  /* Zoom's, or 0 */
    const u_char                *last_message;       /* these two end with a */
    const u_char                *last_tracking_id;   /* zero */
} ngx_http_zoom_account_report_t;


/* What a link says; what it does not is empty. */

typedef struct {
    ngx_str_t                    id;
    ngx_str_t                    passcode;
    ngx_str_t                    tk;         /* of a registrant */
    ngx_uint_t                   webinar;
} ngx_http_zoom_link_t;


/*
 * A callback that is to be routed, a webhook of Zoom's, or a request that the
 * gateway is to pass; what it does not say is empty.
 */

typedef struct ngx_http_zoom_bot_s {
    ngx_str_t                    account;    /* name of that of the location */
    ngx_str_t                    caller;
    ngx_str_t                    scheme;
    ngx_str_t                    bot_id;
    ngx_str_t                    meeting_url;    /* masked */
    ngx_str_t                    meeting_id;
    ngx_str_t                    passcode;
    ngx_str_t                    tk;         /* of a registrant */
    ngx_uint_t                   webinar;

    ngx_str_t                    event;      /* of a webhook: its name */
    ngx_str_t                    event_id;
    ngx_str_t                    object_id;  /* of its payload */
    ngx_str_t                    uuid;
    ngx_str_t                    email;
    ngx_str_t                    body;       /* as it came */

    ngx_str_t                    method;     /* of a request that is passed */
    ngx_str_t                    policy;     /* what zoom_allow says of it:
                                                "ALLOW" or "DENY" */
    ngx_str_t                    endpoint;   /* "GET /users/{userId}" */
    ngx_str_t                    scope;
    ngx_str_t                    label;
} ngx_http_zoom_bot_t;


/* And its route; all of it may be left as it was given, zeroed. */

typedef struct ngx_http_zoom_route_s {
    struct ngx_http_zoom_account_s  *account;
    ngx_str_t                    user;
    time_t                       ttl;        /* 0: as in the location */
    ngx_uint_t                   types;      /* a bit for each, 0: likewise */
    ngx_str_t                    tokens[NGX_HTTP_ZOOM_API_TOKENS];
                                             /* that need not be minted */
    ngx_str_t                    reason;     /* with NGX_DECLINED */
    unsigned                     has_user:1;
    unsigned                     allow:1;    /* a request is passed that
                                                zoom_allow denies */
} ngx_http_zoom_route_t;


/*
 * Finds the route of an authenticated callback.  NGX_OK: it stands in "route";
 * NGX_DECLINED: there is none, for a reason (403); NGX_ERROR: that failed and
 * has been logged (500); NGX_AGAIN: "routed" will be called with one of these,
 * unless the request ends before.
 */

typedef ngx_int_t (*ngx_http_zoom_route_pt)(ngx_http_request_t *r,
    ngx_http_zoom_route_t *route);


/* A user of a pool, for a script: what it says, and whom it gets. */

typedef struct {
    ngx_str_t                    key;        /* for "balance hash" */
    ngx_str_t                    distinct;   /* empty: no lease */
    ngx_str_t                    bot;        /* or empty: the request's */
    ngx_str_t                    user;       /* in "text" */
    time_t                       after;      /* come again in so many seconds */
    u_char                       text[NGX_HTTP_ZOOM_API_USER];
} ngx_http_zoom_pool_req_t;


typedef struct {
    ngx_str_t                    user;       /* in "text" */
    ngx_uint_t                   up;
    ngx_uint_t                   backup;
    ngx_uint_t                   weight;
    ngx_uint_t                   leases;
    int                          code;       /* Zoom's, if it is out */
    time_t                       wait;       /* and for how long */
    u_char                       text[NGX_HTTP_ZOOM_API_USER];
} ngx_http_zoom_member_report_t;


typedef struct {
    u_char                       magic[8];
    uint32_t                     version;
    uint32_t                     size;       /* of this table */

    /*
     * The account of that name, or NULL; "cycle" is cf->cycle once the http
     * block has been read.
     */

    struct ngx_http_zoom_account_s  *(*account)(ngx_cycle_t *cycle,
                                                const ngx_str_t *name);
    void                       (*report)(struct ngx_http_zoom_account_s *a,
                                         ngx_http_zoom_account_report_t *rep);

    /*
     * NGX_OK: the result is there, the handler is not called.  NGX_AGAIN: it
     * will be, once, unless this is cancelled.  NGX_ERROR: the arguments
     * can't be used, and "error" is a sentence that says why.
     *
     * The location's directives give what is unset; its zoom_allow_user and
     * zoom_timeout hold.
     */

    ngx_int_t                  (*mint)(ngx_http_request_t *r,
                                       ngx_http_zoom_token_ask_t *ask);

    /* Harmless on one that is over, or was zeroed and never asked. */
    void                       (*cancel)(ngx_http_zoom_token_ask_t *ask);

    /*
     * NULL: the handler will be called, once, from the event loop, unless the
     * request is ended.  Else a sentence that says what is wrong, and there is
     * nothing to end.  The location's zoom_timeout holds.
     */

    const char                *(*send)(ngx_http_request_t *r,
                                       ngx_http_zoom_request_t *request);

    /*
     * Cancels what is not done and wipes and frees what the result points at.
     * Harmless on one that was ended, or was zeroed and never given.
     */

    void                       (*end)(ngx_http_zoom_request_t *request);

    /*
     * A page of those who have connected, by their ids, or the end of one's
     * grant at Zoom and here: this goes on when nobody waits any more.  As
     * send(), and zoom_allow_user holds.
     */

    const char                *(*grants)(ngx_http_request_t *r,
                                         ngx_http_zoom_grants_t *grants);
    const char                *(*disconnect)(ngx_http_request_t *r,
                                             ngx_http_zoom_grants_t *grants);

    /* The i-th of a list. */
    void                       (*grant)(const ngx_http_zoom_grants_t *grants,
                                        ngx_uint_t i,
                                        ngx_http_zoom_grant_report_t *report);

    /* As end(). */
    void                       (*end_grants)(ngx_http_zoom_grants_t *grants);

    /* For "life" seconds.  NULL, or a sentence that says what is wrong. */
    const char                *(*sign)(struct ngx_http_zoom_account_s *a,
                                       const ngx_str_t *meeting,
                                       ngx_uint_t host, time_t life,
                                       ngx_http_zoom_signature_t *signature);

    /*
     * NGX_OK and how many tokens went, NGX_BUSY: less than a second after the
     * last one, NGX_DECLINED: that is no user, or NGX_ERROR.
     */

    ngx_int_t                  (*purge)(struct ngx_http_zoom_account_s *a,
                                        const ngx_str_t *user,
                                        ngx_uint_t *n);

    /*
     * NGX_OK, or NGX_DECLINED: no link with a meeting's id in it.  "b" has
     * room for the length of the link.
     */

    ngx_int_t                  (*meeting)(const ngx_str_t *text, u_char *b,
                                          ngx_http_zoom_link_t *link);

    /* For a directive: the location's callbacks are routed by this. */
    void                       (*route)(ngx_conf_t *cf,
                                        ngx_http_zoom_route_pt handler);
    void                       (*routed)(ngx_http_request_t *r,
                                         ngx_int_t rc);

    /*
     * Of a callback, in the request's pool: all but what its link says, which
     * takes longer and may find no memory.
     */

    void                       (*bot)(ngx_http_request_t *r,
                                      ngx_http_zoom_bot_t *bot);
    ngx_int_t                  (*bot_link)(ngx_http_request_t *r,
                                           ngx_http_zoom_bot_t *bot);

    /* The n-th member of its metadata; NGX_DECLINED: there are less. */
    ngx_int_t                  (*metadata)(ngx_http_request_t *r,
                                           ngx_uint_t n, ngx_str_t *name,
                                           ngx_str_t *value);

    /*
     * NGX_OK, or NGX_DECLINED: not there, or a header that is there to prove
     * something.  Of several with one name it is the last.
     */

    ngx_int_t                  (*header)(ngx_http_request_t *r,
                                         const ngx_str_t *name,
                                         ngx_str_t *value);

    /* Likewise; decoded, and in the request's pool. */
    ngx_int_t                  (*arg)(ngx_http_request_t *r,
                                      const ngx_str_t *name,
                                      ngx_str_t *value);

    /* The bit of a type of tokens, or NGX_DECLINED. */
    ngx_int_t                  (*type)(const ngx_str_t *name);

    /*
     * What tokens are called in an answer, in the order of those bits; the last
     * one, "join_token", is of no type: only scripts have it.
     */
    const char *const           *members;

    /* NGX_OK, or NGX_DECLINED: not for that member of an answer. */
    ngx_int_t                  (*token)(ngx_uint_t member,
                                        const ngx_str_t *value);

    /*
     * For a directive: a script that sees the location's webhooks.  Its handler
     * is that of a route, of which nothing but the reason counts: NGX_DECLINED,
     * the webhook is for nobody else.
     */
    void                       (*webhook)(ngx_conf_t *cf,
                                          ngx_http_zoom_route_pt handler);

    /* And the name of its account; NULL if there is none of that name. */
    const struct ngx_http_zoom_pool_conf_s *(*pool)(const ngx_str_t *name,
                                                    ngx_str_t *account);

    /*
     * NGX_OK, NGX_DECLINED: nobody is left, or NGX_ERROR.  With a request a
     * lease is given back if that is not answered with a 2xx.
     */

    ngx_int_t                  (*pick)(
                               const struct ngx_http_zoom_pool_conf_s *pool,
                                       ngx_http_request_t *r,
                                       ngx_http_zoom_pool_req_t *req);

    /* Of one user, or of all if that is empty; how many there were. */
    ngx_uint_t                 (*release)(
                               const struct ngx_http_zoom_pool_conf_s *pool,
                                          const ngx_str_t *distinct,
                                          const ngx_str_t *user);

    /* From place "*at" on, which begins with 0; NGX_DONE: there is none. */
    ngx_int_t                  (*member)(
                               const struct ngx_http_zoom_pool_conf_s *pool,
                                         ngx_uint_t *at,
                                         ngx_http_zoom_member_report_t *user);

    /*
     * A script has deleted or deactivated that id or e-mail, or brought it
     * back: its tokens are forgotten, and pools know.
     */

    void                       (*user)(struct ngx_http_zoom_account_s *a,
                                       const ngx_str_t *user,
                                       ngx_uint_t gone);

    /*
     * For a directive: a script that sees what the location's gateway is to
     * pass.  Its handler is that of a route, of which only "allow" and the
     * reason count: NGX_DECLINED, it is denied.
     */
    void                       (*allow)(ngx_conf_t *cf,
                                        ngx_http_zoom_route_pt handler);

    /*
     * The n-th parameter of such a request's path, decoded; NGX_DECLINED: there
     * are less.  Until the next call.
     */
    ngx_int_t                  (*parameter)(ngx_http_request_t *r,
                                            ngx_uint_t n, ngx_str_t *name,
                                            ngx_str_t *value);
} ngx_http_zoom_api_t;


/* In the first module; others find it. */

extern const ngx_http_zoom_api_t  ngx_http_zoom_api;


/*
 * The table; NULL where the module is not there, and with "*version" set
 * where it has another one (0: none at all).
 */

static ngx_inline const ngx_http_zoom_api_t *
ngx_http_zoom_api_find(ngx_cycle_t *cycle, ngx_int_t *version)
{
    ngx_uint_t                  i;
    const ngx_http_zoom_api_t  *api;

    *version = NGX_DECLINED;

    for (i = 0; cycle->modules[i]; i++) {

        if (ngx_strcmp(cycle->modules[i]->name, NGX_HTTP_ZOOM_API_MODULE)
            != 0)
        {
            continue;
        }

        api = (const ngx_http_zoom_api_t *) cycle->modules[i]->spare_hook0;

        *version = (api && ngx_memcmp(api->magic, NGX_HTTP_ZOOM_API_MAGIC,
                                      sizeof(NGX_HTTP_ZOOM_API_MAGIC)) == 0)
                   ? (ngx_int_t) api->version : 0;

        if (*version == NGX_HTTP_ZOOM_API_VERSION
            && api->size >= sizeof(ngx_http_zoom_api_t))
        {
            return api;
        }
    }

    return NULL;
}


#endif /* _NGX_HTTP_ZOOM_API_H_INCLUDED_ */
