/*
 * The main and the location configuration.  Const once requests run.
 */

#ifndef _NGX_HTTP_ZOOM_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"
#include "zoom_query.h"


/* A time that nobody lives to see, milliseconds. */
#define NGX_HTTP_ZOOM_NEVER  ((ngx_msec_t) NGX_MAX_INT32_VALUE)


typedef struct ngx_http_zoom_account_s  ngx_http_zoom_account_t;
typedef struct ngx_http_zoom_pool_conf_s  ngx_http_zoom_pool_conf_t;
typedef struct ngx_http_zoom_store_conf_s  ngx_http_zoom_store_conf_t;


typedef enum {
    NGX_HTTP_ZOOM_RESPONSE_AUTO = 0,
    NGX_HTTP_ZOOM_RESPONSE_JSON,
    NGX_HTTP_ZOOM_RESPONSE_TEXT
} ngx_http_zoom_response_e;


typedef struct {
    ngx_array_t                  accounts;   /* ngx_http_zoom_account_t * */
    ngx_rbtree_t                 account_names;
    ngx_rbtree_node_t            account_sentinel;
    ngx_array_t                  pools;      /* ngx_http_zoom_pool_conf_t * */
    size_t                       zone_size;
    ngx_shm_zone_t              *zone;       /* NULL without an account */
    ngx_http_zoom_store_conf_t  *store;      /* NULL without zoom_store */
    ngx_log_t                   *log;        /* of the http level, or NULL */
    unsigned                     needs;      /* types of tokens, a bit each, of
                                                locations whose account a
                                                variable names */

    ngx_array_t                  readable;   /* ngx_str_t: secret files that
                                                were warned about */
    ngx_uint_t                   webhooks;   /* some location takes them */
} ngx_http_zoom_main_conf_t;


typedef enum {
    NGX_HTTP_ZOOM_JOIN_PARTICIPANT = 0,
    NGX_HTTP_ZOOM_JOIN_HOST,
    NGX_HTTP_ZOOM_JOIN_CALLER
} ngx_http_zoom_join_role_e;


/* Where a directive stands. */

typedef struct {
    u_char                      *file;
    ngx_uint_t                   line;
} ngx_http_zoom_place_t;


/* What answers the requests of a location. */

typedef enum {
    NGX_HTTP_ZOOM_TOKENS = 0,
    NGX_HTTP_ZOOM_JOIN,
    NGX_HTTP_ZOOM_HEALTH,
    NGX_HTTP_ZOOM_STATUS,
    NGX_HTTP_ZOOM_PURGE,
    NGX_HTTP_ZOOM_CONNECT,
    NGX_HTTP_ZOOM_CONNECTED,
    NGX_HTTP_ZOOM_DISCONNECT,
    NGX_HTTP_ZOOM_GRANTS,
    NGX_HTTP_ZOOM_PASS
} ngx_http_zoom_use_e;


typedef struct {
    const char                  *name;       /* NULL: none here */
    ngx_http_zoom_use_e          what;
    ngx_http_handler_pt          handler;
    ngx_str_t                    account;    /* as written, or nothing */
    const zoom_hidden_t         *hidden;     /* arguments to keep out of logs,
                                                an empty name ends them */
    ngx_http_zoom_place_t        place;
} ngx_http_zoom_use_t;


/* All arguments to keep out of logs. */

typedef struct {
    zoom_hidden_t               *names;
    ngx_uint_t                   n;
    ngx_uint_t                   own;        /* of them the handler's, which
                                                come first; then "arg=" */
} ngx_http_zoom_hidden_t;


/* Zoom's webhooks, which another handler may answer. */

typedef struct {
    ngx_str_t                    name;       /* of the account, as written */
    ngx_http_zoom_account_t     *account;
    ngx_http_zoom_place_t        place;
} ngx_http_zoom_webhook_use_t;


typedef struct {
    ngx_http_zoom_use_t          use;
    ngx_http_zoom_account_t     *account;    /* NULL: "variable" tells */
    ngx_http_complex_value_t    *variable;

    ngx_http_zoom_route_pt       route;      /* of another module, or NULL */
    ngx_http_complex_value_t    *user;
    ngx_http_zoom_place_t        user_place;
    ngx_str_t                    fixed_user; /* the same for all requests */
    ngx_http_zoom_pool_conf_t   *pool;       /* likewise */
    ngx_array_t                 *allow;      /* ngx_http_zoom_allow_t */
    ngx_array_t                 *auth;       /* ngx_http_zoom_auth_line_t */
    ngx_http_zoom_hidden_t       hidden;
    time_t                       replay;     /* 0: off */
    ngx_uint_t                   replay_count;

    ngx_http_complex_value_t    *connect_as; /* the operator's name for who
                                                connects, or NULL */
    ngx_http_complex_value_t    *connect_return;
    struct ngx_http_zoom_onbehalf_s  *onbehalf;  /* whose grants mint OBF
                                                tokens, or NULL */

    ngx_array_t                 *types;      /* zoom_token_type_e */
    ngx_http_complex_value_t    *allow_meeting;
    ngx_flag_t                   bypass;     /* the waiting room */

    time_t                       ttl;
    time_t                       reuse;
    time_t                       min_left;
    ngx_flag_t                   use_stale;
    ngx_msec_t                   stale_after;    /* or NGX_HTTP_ZOOM_NEVER */
    ngx_msec_t                   timeout;
    ngx_uint_t                   response;
    ngx_uint_t                   join_role;
    ngx_http_complex_value_t    *join_token; /* NULL or empty: auto */
    ngx_flag_t                   join_sdk_key;
    off_t                        body_max;
    ngx_array_t                 *limits;     /* ngx_http_zoom_limit_conf_t */

    struct ngx_http_zoom_pass_conf_s  *pass;     /* NULL: none here */
    ngx_http_zoom_route_pt       allow_route;    /* a script, or NULL */
    ngx_array_t                 *grants;     /* ngx_http_zoom_granted_t */
    ngx_array_t                 *download_hosts;     /* ngx_str_t, patterns;
                                                NULL: Zoom's */
    ngx_array_t                 *download_redirects; /* likewise; NULL: any of
                                                the Internet */
    ngx_array_t                 *unknown;    /* ngx_str_t, prefixes of paths
                                                that Zoom has not published */

    ngx_http_zoom_webhook_use_t *webhook;    /* NULL: none here */
    time_t                       webhook_window;
    ngx_flag_t                   webhook_act;
    ngx_array_t                 *webhook_events;     /* ngx_str_t, patterns */
    ngx_http_zoom_route_pt       webhook_route;      /* a script, or NULL */
    unsigned                     user_pool:1;    /* "user" names a pool */
    unsigned                     user_inherited:1;
    unsigned                     grants_inherited:1;
    unsigned                     webhook_guarded:1;  /* "auth" holds, too */
} ngx_http_zoom_loc_conf_t;


extern ngx_module_t  ngx_http_zoom_module;


#endif /* _NGX_HTTP_ZOOM_CONF_H_INCLUDED_ */
