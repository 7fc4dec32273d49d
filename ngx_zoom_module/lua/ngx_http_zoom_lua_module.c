/*
 * Routing scripts: directives and configuration.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_lua_route.h"
#include "ngx_http_zoom_lua_sandbox.h"


typedef struct {
    ngx_http_zoom_lua_source_t   source;
    ngx_array_t                  locations;  /* that have a script:
                                         ngx_http_zoom_lua_loc_conf_t * */
    ngx_str_t                    path;
} ngx_http_zoom_lua_main_conf_t;


/* What a script is asked about, which is the offset of its directive. */

typedef enum {
    NGX_HTTP_ZOOM_LUA_ROUTE = 0,
    NGX_HTTP_ZOOM_LUA_WEBHOOK,
    NGX_HTTP_ZOOM_LUA_ALLOW
} ngx_http_zoom_lua_hook_e;


static ngx_int_t ngx_http_zoom_lua_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_zoom_lua_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_zoom_lua_init_process(ngx_cycle_t *cycle);
static void ngx_http_zoom_lua_exit_process(ngx_cycle_t *cycle);

static char *ngx_http_zoom_lua_script(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_lua_accounts(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_lua_check_time(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_http_zoom_lua_check_memory(ngx_conf_t *cf, void *post,
    void *data);

static void *ngx_http_zoom_lua_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_zoom_lua_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_zoom_lua_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_zoom_lua_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_zoom_lua_find_accounts(ngx_conf_t *cf,
    ngx_http_zoom_lua_loc_conf_t *conf);
static ngx_int_t ngx_http_zoom_lua_set_path(ngx_conf_t *cf,
    ngx_http_zoom_lua_main_conf_t *lmcf);


static ngx_conf_num_bounds_t  ngx_http_zoom_lua_instructions_bounds = {
    ngx_conf_check_num_bounds, 1000, 1000000000
};

static ngx_conf_post_t  ngx_http_zoom_lua_time_post = {
    ngx_http_zoom_lua_check_time
};

static ngx_conf_post_t  ngx_http_zoom_lua_memory_post = {
    ngx_http_zoom_lua_check_memory
};


/* these carry rights of the app that minting does not need */

static ngx_conf_bitmask_t  ngx_http_zoom_lua_allow_mask[] = {
    { ngx_string("off"), NGX_HTTP_ZOOM_LUA_ALLOW_OFF },
    { ngx_string("access_token"), NGX_HTTP_ZOOM_LUA_ALLOW_ACCESS_TOKEN },
    { ngx_string("request"), NGX_HTTP_ZOOM_LUA_ALLOW_REQUEST },
    { ngx_string("grants"), NGX_HTTP_ZOOM_LUA_ALLOW_GRANTS },
    { ngx_string("users"), NGX_HTTP_ZOOM_LUA_ALLOW_USERS },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_zoom_lua_commands[] = {

    { ngx_string("zoom_route_by_lua_file"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_lua_script,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_LUA_ROUTE,
      NULL },

    { ngx_string("zoom_webhook_by_lua_file"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_lua_script,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_LUA_WEBHOOK,
      NULL },

    { ngx_string("zoom_allow_by_lua_file"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_zoom_lua_script,
      NGX_HTTP_LOC_CONF_OFFSET,
      NGX_HTTP_ZOOM_LUA_ALLOW,
      NULL },

    { ngx_string("zoom_lua_accounts"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_zoom_lua_accounts,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("zoom_lua_allow"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_conf_set_bitmask_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_lua_loc_conf_t, allow),
      &ngx_http_zoom_lua_allow_mask },

    { ngx_string("zoom_lua_instructions"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_lua_loc_conf_t, instructions),
      &ngx_http_zoom_lua_instructions_bounds },

    { ngx_string("zoom_lua_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_zoom_lua_loc_conf_t, timeout),
      &ngx_http_zoom_lua_time_post },

    { ngx_string("zoom_lua_memory"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_zoom_lua_main_conf_t, source.memory),
      &ngx_http_zoom_lua_memory_post },

    { ngx_string("zoom_lua_path"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_zoom_lua_main_conf_t, path),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_zoom_lua_module_ctx = {
    ngx_http_zoom_lua_preconfiguration,    /* preconfiguration */
    ngx_http_zoom_lua_postconfiguration,   /* postconfiguration */

    ngx_http_zoom_lua_create_main_conf,    /* create main configuration */
    ngx_http_zoom_lua_init_main_conf,      /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_zoom_lua_create_loc_conf,     /* create location configuration */
    ngx_http_zoom_lua_merge_loc_conf       /* merge location configuration */
};


ngx_module_t  ngx_http_zoom_lua_module = {
    NGX_MODULE_V1,
    &ngx_http_zoom_lua_module_ctx,         /* module context */
    ngx_http_zoom_lua_commands,            /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_zoom_lua_init_process,        /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_zoom_lua_exit_process,        /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


const ngx_http_zoom_api_t  *ngx_http_zoom_lua_api;


/* All modules are loaded by now, in whatever order. */

static ngx_int_t
ngx_http_zoom_lua_preconfiguration(ngx_conf_t *cf)
{
    ngx_int_t                   version;
    const ngx_http_zoom_api_t  *api;

    api = ngx_http_zoom_api_find(cf->cycle, &version);

    if (api) {
        ngx_http_zoom_lua_api = api;
        return NGX_OK;
    }

    if (version == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"ngx_http_zoom_lua_module\" needs "
                      "\"" NGX_HTTP_ZOOM_API_MODULE "\": add \"load_module "
                      "modules/" NGX_HTTP_ZOOM_API_MODULE ".so;\"");
        return NGX_ERROR;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"ngx_http_zoom_lua_module\" does not fit the "
                  "\"" NGX_HTTP_ZOOM_API_MODULE "\" that is loaded (version "
                  "%i of their interface instead of %d): install both from "
                  "one build, then restart nginx",
                  version, NGX_HTTP_ZOOM_API_VERSION);

    return NGX_ERROR;
}


/* The http block has been read.  Scripts are run once, to see what is wrong. */

static ngx_int_t
ngx_http_zoom_lua_postconfiguration(ngx_conf_t *cf)
{
    ngx_uint_t                       i;
    ngx_http_zoom_lua_vm_t          *vm;
    ngx_http_zoom_lua_loc_conf_t   **conf;
    ngx_http_zoom_lua_main_conf_t   *lmcf;

    lmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_lua_module);

    conf = lmcf->locations.elts;

    for (i = 0; i < lmcf->locations.nelts; i++) {
        if (ngx_http_zoom_lua_find_accounts(cf, conf[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (lmcf->source.scripts.nelts == 0) {
        return NGX_OK;
    }

    vm = ngx_http_zoom_lua_vm_create(&lmcf->source, ngx_http_zoom_lua_sandbox,
                                     NGX_LOG_EMERG, cf->log);
    if (vm == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_lua_vm_destroy(vm);

    lmcf->source.open = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_lua_find_accounts(ngx_conf_t *cf,
    ngx_http_zoom_lua_loc_conf_t *conf)
{
    ngx_uint_t                    i;
    ngx_http_zoom_lua_account_t  *account;

    if (conf->accounts == NULL) {
        return NGX_OK;
    }

    account = conf->accounts->elts;

    for (i = 0; i < conf->accounts->nelts; i++) {
        account[i].account = ngx_http_zoom_lua_api->account(cf->cycle,
                                                            &account[i].name);

        if (account[i].account == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "unknown account \"%V\" of \"zoom_lua_accounts\" "
                          "in %s:%ui",
                          &account[i].name, account[i].file, account[i].line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_lua_init_process(ngx_cycle_t *cycle)
{
    ngx_http_zoom_lua_main_conf_t  *lmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    lmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_zoom_lua_module);

    if (lmcf && lmcf->source.scripts.nelts) {
        (void) ngx_http_zoom_lua_route_start(&lmcf->source,
                                             ngx_http_zoom_lua_sandbox,
                                             cycle->log);
    }

    return NGX_OK;
}


static void
ngx_http_zoom_lua_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_zoom_lua_route_stop();
}


static char *
ngx_http_zoom_lua_script(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_lua_loc_conf_t  *llcf = conf;

    ngx_str_t                       *value, name;
    ngx_http_zoom_lua_loc_conf_t   **location;
    ngx_http_zoom_lua_main_conf_t   *lmcf;

    if (llcf->script != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    name = value[1];

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    lmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_lua_module);

    llcf->script = ngx_http_zoom_lua_source_script(&lmcf->source, &name, cf);

    if (llcf->script == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    location = ngx_array_push(&lmcf->locations);
    if (location == NULL) {
        return NGX_CONF_ERROR;
    }

    *location = llcf;

    switch (cmd->offset) {

    case NGX_HTTP_ZOOM_LUA_WEBHOOK:
        ngx_http_zoom_lua_api->webhook(cf, ngx_http_zoom_lua_route);
        break;

    case NGX_HTTP_ZOOM_LUA_ALLOW:
        ngx_http_zoom_lua_api->allow(cf, ngx_http_zoom_lua_route);
        break;

    default: /* NGX_HTTP_ZOOM_LUA_ROUTE */
        ngx_http_zoom_lua_api->route(cf, ngx_http_zoom_lua_route);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_lua_accounts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_lua_loc_conf_t  *llcf = conf;

    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_http_zoom_lua_account_t  *account;

    if (llcf->accounts != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    llcf->accounts = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                      sizeof(ngx_http_zoom_lua_account_t));
    if (llcf->accounts == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        account = ngx_array_push(llcf->accounts);
        if (account == NULL) {
            return NGX_CONF_ERROR;
        }

        account->account = NULL;
        account->name = value[i];
        account->file = cf->conf_file->file.name.data;
        account->line = cf->conf_file->line;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_lua_check_time(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *timeout = data;

    if (*timeout < 100 || *timeout > 60000) {
        return "must be from 100ms to 60s";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_lua_check_memory(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *memory = data;

    if (*memory < 1024 * 1024 || *memory > 1024 * 1024 * 1024) {
        return "must be from 1m to 1024m";
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_zoom_lua_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_zoom_lua_main_conf_t  *lmcf;

    lmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_lua_main_conf_t));
    if (lmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     lmcf->path = { 0, NULL };
     */

    lmcf->source.memory = NGX_CONF_UNSET_SIZE;

    if (ngx_http_zoom_lua_source_init(&lmcf->source, cf->pool) != NGX_OK
        || ngx_array_init(&lmcf->locations, cf->pool, 4,
                          sizeof(ngx_http_zoom_lua_loc_conf_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return lmcf;
}


static char *
ngx_http_zoom_lua_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_zoom_lua_main_conf_t  *lmcf = conf;

    ngx_conf_init_size_value(lmcf->source.memory, 16 * 1024 * 1024);

    if (lmcf->path.len
        && ngx_http_zoom_lua_set_path(cf, lmcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_zoom_lua_set_path(ngx_conf_t *cf, ngx_http_zoom_lua_main_conf_t *lmcf)
{
    u_char     *p;
    ngx_str_t   path;

    if (ngx_conf_full_name(cf->cycle, &lmcf->path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    path.len = lmcf->path.len + 1;
    path.data = ngx_pnalloc(cf->pool, path.len);

    if (path.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(path.data, lmcf->path.data, lmcf->path.len);
    *p = '/';

    lmcf->source.path = path;

    return NGX_OK;
}


static void *
ngx_http_zoom_lua_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_zoom_lua_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_lua_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->allow = 0;
     */

    conf->script = NGX_CONF_UNSET;
    conf->accounts = NGX_CONF_UNSET_PTR;
    conf->instructions = NGX_CONF_UNSET;
    conf->timeout = NGX_CONF_UNSET_MSEC;

    return conf;
}


static char *
ngx_http_zoom_lua_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_zoom_lua_loc_conf_t  *prev = parent;
    ngx_http_zoom_lua_loc_conf_t  *conf = child;

    /*
     * An "if" block runs the script of its location; in a location of its own
     * the first module does not call us.
     */

    ngx_conf_merge_value(conf->script, prev->script, NGX_CONF_UNSET);

    ngx_conf_merge_ptr_value(conf->accounts, prev->accounts, NULL);
    ngx_conf_merge_bitmask_value(conf->allow, prev->allow,
                                 (NGX_CONF_BITMASK_SET
                                  |NGX_HTTP_ZOOM_LUA_ALLOW_OFF));

    if (conf->allow & NGX_HTTP_ZOOM_LUA_ALLOW_OFF) {
        conf->allow = NGX_CONF_BITMASK_SET|NGX_HTTP_ZOOM_LUA_ALLOW_OFF;
    }

    ngx_conf_merge_value(conf->instructions, prev->instructions, 1000000);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 10000);

    return NGX_CONF_OK;
}
