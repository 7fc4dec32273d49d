/*
 * The zoom_pool block, and what "nginx -t" says about it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_block.h"
#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_parameters.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"


#define NGX_HTTP_ZOOM_POOL_ZONE_MAX  (1024 * 1024 * 1024)

#define NGX_HTTP_ZOOM_LEASE_MIN      120
#define NGX_HTTP_ZOOM_LEASE_MAX      (7 * 24 * 60 * 60)

#define NGX_HTTP_ZOOM_FAIL_MAX       3600000


static ngx_http_zoom_pool_conf_t *ngx_http_zoom_pool_create(ngx_conf_t *cf,
    ngx_str_t *name);
static char *ngx_http_zoom_pool_end(ngx_conf_t *cf,
    ngx_http_zoom_pool_conf_t *pool);

static char *ngx_http_zoom_set_pool_account(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_zoom_set_balance(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_distinct(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_pool_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_check_fail(ngx_conf_t *cf, void *post, void *data);
static char *ngx_http_zoom_pool_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t **value);


ngx_str_t  ngx_http_zoom_balances[] = {
    ngx_string("round_robin"),
    ngx_string("hash"),
    ngx_string("least_leased")
};


static ngx_conf_post_t  ngx_http_zoom_fail_post = {
    ngx_http_zoom_check_fail
};


static ngx_command_t  ngx_http_zoom_pool_commands[] = {

    { ngx_string("account"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_pool_account,
      0,
      0,
      NULL },

    { ngx_string("user"),
      NGX_CONF_1MORE,
      ngx_http_zoom_set_pool_user,
      0,
      0,
      NULL },

    { ngx_string("members"),
      NGX_CONF_1MORE,
      ngx_http_zoom_set_pool_members,
      0,
      0,
      NULL },

    { ngx_string("create"),
      NGX_CONF_1MORE,
      ngx_http_zoom_set_pool_create,
      0,
      0,
      NULL },

    { ngx_string("balance"),
      NGX_CONF_1MORE,
      ngx_http_zoom_set_balance,
      0,
      0,
      NULL },

    { ngx_string("distinct"),
      NGX_CONF_1MORE,
      ngx_http_zoom_set_distinct,
      0,
      0,
      NULL },

    { ngx_string("fail_timeout"),
      NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      0,
      offsetof(ngx_http_zoom_pool_conf_t, fail_timeout),
      &ngx_http_zoom_fail_post },

    { ngx_string("zone"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_pool_zone,
      0,
      0,
      NULL },

      ngx_null_command
};


char *
ngx_http_zoom_pool_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf = conf;

    ngx_str_t                   *value;
    ngx_http_zoom_pool_conf_t   *pool, **poolp;

    value = cf->args->elts;

    if (!ngx_http_zoom_name(&value[1], ".-", NGX_HTTP_ZOOM_NAME_MAX)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid pool name \"%V\", it must be 1 to %d "
                           "letters, digits, \"_\", \".\" or \"-\"",
                           &value[1], NGX_HTTP_ZOOM_NAME_MAX);
        return NGX_CONF_ERROR;
    }

    pool = ngx_http_zoom_pool_find(zmcf, &value[1]);

    if (pool) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate \"zoom_pool\" \"%V\", the first is in "
                           "%s:%ui", &value[1], pool->file, pool->line);
        return NGX_CONF_ERROR;
    }

    pool = ngx_http_zoom_pool_create(cf, &value[1]);
    if (pool == NULL) {
        return NGX_CONF_ERROR;
    }

    pool->index = zmcf->pools.nelts;

    if (ngx_http_zoom_block(cf, ngx_http_zoom_pool_commands, pool)
        != NGX_CONF_OK
        || ngx_http_zoom_pool_end(cf, pool) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    poolp = ngx_array_push(&zmcf->pools);
    if (poolp == NULL) {
        return NGX_CONF_ERROR;
    }

    *poolp = pool;

    return NGX_CONF_OK;
}


static ngx_http_zoom_pool_conf_t *
ngx_http_zoom_pool_create(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_http_zoom_pool_conf_t  *pool;

    pool = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_pool_conf_t));
    if (pool == NULL) {
        return NULL;
    }

    pool->name = *name;
    pool->file = cf->conf_file->file.name.data;
    pool->line = cf->conf_file->line;

    pool->balance = NGX_CONF_UNSET_UINT;
    pool->fail_timeout = NGX_CONF_UNSET_MSEC;
    pool->zone_size = NGX_CONF_UNSET_SIZE;

    if (ngx_array_init(&pool->users, cf->pool, 16,
                       sizeof(ngx_http_zoom_pool_user_t))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&pool->found, cf->pool, 1,
                       sizeof(ngx_http_zoom_pool_found_t))
        != NGX_OK)
    {
        return NULL;
    }

    return pool;
}


static char *
ngx_http_zoom_pool_end(ngx_conf_t *cf, ngx_http_zoom_pool_conf_t *pool)
{
    const char  *what;

    ngx_conf_init_uint_value(pool->balance, NGX_HTTP_ZOOM_ROUND_ROBIN);
    ngx_conf_init_msec_value(pool->fail_timeout, 30000);
    ngx_conf_init_size_value(pool->zone_size,
                             NGX_HTTP_ZOOM_POOL_ZONE_DEFAULT);

    what = NULL;

    if (pool->account_name.data == NULL) {
        what = "\"account\"";

    } else if (pool->users.nelts == 0 && pool->found.nelts == 0
               && pool->create == NULL)
    {
        what = "\"user\", \"members\" or \"create\"";

    } else if (pool->balance == NGX_HTTP_ZOOM_LEAST_LEASED
               && pool->distinct == NULL)
    {
        what = "\"distinct\", as \"balance least_leased\" counts its leases,";
    }

    if (what) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_pool\" \"%V\" must have %s in %s:%ui",
                      &pool->name, what, pool->file, pool->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_pool_finish(ngx_conf_t *cf, ngx_http_zoom_pool_conf_t *pool)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    pool->account = ngx_http_zoom_account_find(zmcf, &pool->account_name);

    if (pool->account == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown account \"%V\" of \"zoom_pool\" \"%V\" in "
                      "%s:%ui", &pool->account_name, &pool->name, pool->file,
                      pool->line);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_account_of_users(pool->account)
        && (pool->found.nelts || pool->create))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_pool\" \"%V\" can't have \"members\" or "
                      "\"create\", as its account \"%V\" is one of users' "
                      "own grants, in %s:%ui", &pool->name,
                      &pool->account->name, pool->file, pool->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_http_zoom_pool_conf_t *
ngx_http_zoom_pool_find(const ngx_http_zoom_main_conf_t *zmcf,
    const ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_http_zoom_pool_conf_t  **pool;

    pool = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        if (ngx_http_zoom_same(&pool[i]->name, name)) {
            return pool[i];
        }
    }

    return NULL;
}


size_t
ngx_http_zoom_pool_names(const ngx_http_zoom_main_conf_t *zmcf, u_char *text)
{
    u_char                      *p, *last;
    ngx_uint_t                   i, n;
    ngx_http_zoom_pool_conf_t  **pool;

    p = text;
    last = text + NGX_HTTP_ZOOM_CHOICE_MAX;

    n = zmcf->pools.nelts;
    pool = zmcf->pools.elts;

    for (i = 0; i < n; i++) {
        p = ngx_slprintf(p, last, "%s\"pool=%V\"",
                         (i == 0) ? "" : (i + 1 < n) ? ", " : " or ",
                         &pool[i]->name);
    }

    return p - text;
}


static char *
ngx_http_zoom_set_pool_account(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    ngx_str_t  *value;

    if (pool->account_name.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    pool->account_name = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_balance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    ngx_str_t   *value;
    ngx_uint_t   i, n;

    if (pool->balance != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = cf->args->nelts - 1;

    for (i = 0; i <= NGX_HTTP_ZOOM_LEAST_LEASED; i++) {
        if (ngx_http_zoom_same(&ngx_http_zoom_balances[i], &value[1])) {
            break;
        }
    }

    if (i == NGX_HTTP_ZOOM_HASH) {

        if (n != 3 || ngx_strcmp(value[3].data, "consistent") != 0) {
            i = NGX_CONF_UNSET_UINT;
        }

    } else if (n != 1) {
        i = NGX_CONF_UNSET_UINT;
    }

    if (i > NGX_HTTP_ZOOM_LEAST_LEASED) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid \"balance\" of \"zoom_pool\", it must be "
                           "\"round_robin\", \"least_leased\" or \"hash VALUE "
                           "consistent\", such as \"hash $zoom_meeting_id "
                           "consistent\"");
        return NGX_CONF_ERROR;
    }

    pool->balance = i;

    return (i == NGX_HTTP_ZOOM_HASH)
           ? ngx_http_zoom_pool_value(cf, &value[2], &pool->hash)
           : NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_distinct(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    time_t      lease;
    ngx_str_t  *value;

    if (pool->distinct) {
        return "is duplicate";
    }

    value = cf->args->elts;

    lease = (cf->args->nelts == 3) ? ngx_parse_time(&value[2], 1) : NGX_ERROR;

    if (lease == (time_t) NGX_ERROR
        || lease < NGX_HTTP_ZOOM_LEASE_MIN || lease > NGX_HTTP_ZOOM_LEASE_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"distinct\" must have a value and a time from 2m "
                           "to 7d, such as \"distinct $zoom_meeting_id 4h\"");
        return NGX_CONF_ERROR;
    }

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" of \"distinct\" is the same for all bots, "
                           "it must have a variable, such as "
                           "\"$zoom_meeting_id\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    pool->lease = lease * 1000;

    return ngx_http_zoom_pool_value(cf, &value[1], &pool->distinct);
}


static char *
ngx_http_zoom_set_pool_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_pool_conf_t  *pool = conf;

    off_t       size;
    ngx_str_t  *value;

    if (pool->zone_size != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;
    size = ngx_parse_offset(&value[1]);

    if (size < NGX_HTTP_ZOOM_POOL_ZONE_MIN
        || size > NGX_HTTP_ZOOM_POOL_ZONE_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone size \"%V\", it must be from 128k to "
                           "1g, such as \"1m\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    pool->zone_size = size;

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_check_fail(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *time = data;

    if (*time < 1000 || *time > NGX_HTTP_ZOOM_FAIL_MAX) {
        return "must be from 1s to 1h";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_pool_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t **value)
{
    ngx_http_compile_complex_value_t  ccv;

    *value = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*value == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = *value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
