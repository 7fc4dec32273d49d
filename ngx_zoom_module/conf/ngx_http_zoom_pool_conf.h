/*
 * zoom_pool: the users that bots become in turn.  Const once the configuration
 * is read.
 */

#ifndef _NGX_HTTP_ZOOM_POOL_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


#define NGX_HTTP_ZOOM_POOL_ZONE_MIN      (128 * 1024)
#define NGX_HTTP_ZOOM_POOL_ZONE_DEFAULT  (1024 * 1024)

/* "members" lines of a pool */
#define NGX_HTTP_ZOOM_POOL_FOUND_MAX     6


typedef enum {
    NGX_HTTP_ZOOM_ROUND_ROBIN = 0,
    NGX_HTTP_ZOOM_HASH,
    NGX_HTTP_ZOOM_LEAST_LEASED
} ngx_http_zoom_balance_e;


/* As in "balance": "round_robin". */

extern ngx_str_t  ngx_http_zoom_balances[];


/* user ADDRESS [weight=N] [backup] [down] */

typedef struct {
    ngx_str_t                    name;       /* an e-mail in lower case */
    ngx_uint_t                   weight;
    unsigned                     backup:1;
    unsigned                     down:1;
    ngx_uint_t                   line;
} ngx_http_zoom_pool_user_t;


/* members group=NAME|email=PATTERN [refresh=TIME] */

typedef struct {
    ngx_str_t                    group;      /* its name, or nothing */
    ngx_str_t                    email;      /* a pattern, or nothing */
    time_t                       refresh;    /* seconds */
} ngx_http_zoom_pool_found_t;


typedef enum {
    NGX_HTTP_ZOOM_CREATE = 0,
    NGX_HTTP_ZOOM_AUTO_CREATE,
    NGX_HTTP_ZOOM_CUST_CREATE,
    NGX_HTTP_ZOOM_SSO_CREATE
} ngx_http_zoom_create_action_e;


/* As Zoom has them: "autoCreate". */

extern ngx_conf_enum_t  ngx_http_zoom_create_actions[];


/* create PATTERN count=N [action=ACTION] [type=TYPE] */

typedef struct {
    ngx_str_t                    pattern;    /* an e-mail in lower case, with
                                                one "%d" */
    ngx_uint_t                   count;      /* the first is 1 */
    ngx_uint_t                   action;     /* ngx_http_zoom_create_action_e */
    ngx_uint_t                   type;       /* Zoom's: 1 basic, 2 licensed */
} ngx_http_zoom_pool_create_t;


struct ngx_http_zoom_pool_conf_s {
    ngx_str_t                    name;
    ngx_uint_t                   index;      /* among zmcf->pools */

    ngx_str_t                    account_name;   /* as written */
    ngx_http_zoom_account_t     *account;

    ngx_array_t                  users;      /* ngx_http_zoom_pool_user_t */
    ngx_array_t                  found;      /* ngx_http_zoom_pool_found_t */
    ngx_http_zoom_pool_create_t *create;     /* or NULL */

    ngx_uint_t                   balance;    /* ngx_http_zoom_balance_e */
    ngx_http_complex_value_t    *hash;       /* with "hash" */
    ngx_http_complex_value_t    *distinct;   /* or NULL */
    ngx_msec_t                   lease;      /* how long one lasts */
    ngx_msec_t                   fail_timeout;

    size_t                       zone_size;
    ngx_shm_zone_t              *zone;       /* its data is a
                                                ngx_http_zoom_pool_t */

    u_char                      *file;       /* where it is declared */
    ngx_uint_t                   line;
};


/* The zoom_pool directive. */
char *ngx_http_zoom_pool_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* NULL if there is none of that name. */
ngx_http_zoom_pool_conf_t *ngx_http_zoom_pool_find(
    const ngx_http_zoom_main_conf_t *zmcf, const ngx_str_t *name);

/* What "pool=" of zoom_user may be: writes it, as ngx_http_zoom_choice(). */
size_t ngx_http_zoom_pool_names(const ngx_http_zoom_main_conf_t *zmcf,
    u_char *text);

/* When the http block has been read: its account, which may come later. */
char *ngx_http_zoom_pool_finish(ngx_conf_t *cf,
    ngx_http_zoom_pool_conf_t *pool);


#endif /* _NGX_HTTP_ZOOM_POOL_CONF_H_INCLUDED_ */
