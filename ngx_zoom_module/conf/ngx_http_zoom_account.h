/*
 * zoom_account: one Zoom account plus its S2S app credentials, or an app that
 * users grant access to theirs.  Const once the configuration is read.
 */

#ifndef _NGX_HTTP_ZOOM_ACCOUNT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ACCOUNT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_client_conf.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_url.h"
#include "zoom_hmac.h"
#include "zoom_limit.h"


#define NGX_HTTP_ZOOM_NAME_MAX  64
#define NGX_HTTP_ZOOM_ID_MAX    128     /* account_id, client_id, sdk_key */


/* An override of "rate"; rate is NGX_CONF_UNSET_UINT where there is none. */

typedef struct {
    ngx_uint_t                   rate;       /* requests per 1000 seconds */
    ngx_uint_t                   day;        /* per UTC day, 0: from plan */
} ngx_http_zoom_rate_t;


/* What access tokens are had with, and where. */

typedef struct {
    ngx_http_zoom_origin_t       oauth;
    ngx_str_t                    client_id;
    ngx_str_t                    client_secret;
    u_char                       sum[ZOOM_SHA256_LEN];   /* of the secret */
} ngx_http_zoom_credential_t;


typedef enum {
    NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS = 0,
    NGX_HTTP_ZOOM_AUTHORIZATION_CODE,
    NGX_HTTP_ZOOM_DEVICE_CODE
} ngx_http_zoom_grant_e;


/* What users' grants need. */

typedef struct {
    ngx_str_t                    app;        /* names the app in the store;
                                                empty: no users' grants */
    ngx_http_zoom_origin_t       authorize;
    ngx_http_zoom_origin_t       device;
    ngx_http_zoom_origin_t       revoke;
    ngx_str_t                    redirect_uri;
    ngx_str_t                    scopes;     /* separated by blanks */
} ngx_http_zoom_consent_conf_t;


/* Whether each of its users has a grant of their own. */
#define ngx_http_zoom_account_of_users(account)                               \
    ((account)->grant != NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS)


struct ngx_http_zoom_account_s {
    ngx_str_t                    name;
    ngx_uint_t                   index;      /* among zmcf->accounts */
    ngx_str_node_t               names;      /* in zmcf->account_names */
    uint32_t                     whose;      /* a hash of what _same() asks */

    ngx_str_t                    account_id;
    ngx_http_zoom_credential_t   credential;
    ngx_uint_t                   grant;      /* ngx_http_zoom_grant_e */
    ngx_http_zoom_consent_conf_t consent;
    ngx_str_t                    sdk_key;
    ngx_str_t                    sdk_secret;
    zoom_hmac_t                 *webhook_keys;   /* of "webhook_secret" */
    ngx_uint_t                   nwebhook_keys;

    ngx_http_zoom_origin_t       api;
    ngx_http_zoom_origin_t       mcp;
    ngx_http_zoom_origin_t       download;
    ngx_http_zoom_client_conf_t  client;

    ngx_str_t                    trusted_certificate;
    ngx_uint_t                   plan;       /* 0 free, 1 pro, 2 business */
    ngx_uint_t                   share;      /* percent */
    ngx_flag_t                   dry_run;
    ngx_http_zoom_rate_t         rates[ZOOM_NLABELS];
    unsigned                     needs;      /* by locations that name it, else
                                                by those with a variable:
                                                types of tokens, a bit each */

    u_char                      *file;       /* where it is declared */
    ngx_uint_t                   line;
};


/* As in "rate": "light". */

extern ngx_str_t  ngx_http_zoom_labels[ZOOM_NLABELS];


/*
 * The zoom_account directive.  Accounts may be declared after their use, so
 * ngx_http_zoom_account_find() is good from merging on.
 */

char *ngx_http_zoom_account_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* NULL if there is none of that name. */
ngx_http_zoom_account_t *ngx_http_zoom_account_find(
    const ngx_http_zoom_main_conf_t *zmcf, const ngx_str_t *name);

/* Under its name; NGX_ERROR without memory. */
ngx_int_t ngx_http_zoom_account_add(ngx_http_zoom_main_conf_t *zmcf,
    ngx_http_zoom_account_t *account);

/* Whether two blocks are about one account of Zoom's. */
ngx_uint_t ngx_http_zoom_account_same(const ngx_http_zoom_account_t *a,
    const ngx_http_zoom_account_t *b);

/*
 * When the block has been read: what it must have and lacks, defaults, and
 * whether it agrees with the accounts before it.
 */

char *ngx_http_zoom_account_end(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);

/* The CA store of its "trusted_certificate", or the system's, if need be. */
char *ngx_http_zoom_account_store(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);

/*
 * Once per account when the http block has been read: what needs the
 * whole configuration (the http level's resolver).
 */

char *ngx_http_zoom_account_finish(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);


#endif /* _NGX_HTTP_ZOOM_ACCOUNT_H_INCLUDED_ */
