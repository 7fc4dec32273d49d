/*
 * Blocks with directives of their own.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_block.h"
#include "ngx_http_zoom_str.h"


typedef struct {
    ngx_command_t               *commands;
    void                        *object;
} ngx_http_zoom_block_t;


static char *ngx_http_zoom_block_directive(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static char *ngx_http_zoom_block_arguments(ngx_conf_t *cf,
    ngx_command_t *cmd);


char *
ngx_http_zoom_block(ngx_conf_t *cf, ngx_command_t *commands, void *object)
{
    char                   *rv;
    ngx_conf_t              save;
    ngx_http_zoom_block_t  *block;

    block = ngx_palloc(cf->temp_pool, sizeof(ngx_http_zoom_block_t));
    if (block == NULL) {
        return NGX_CONF_ERROR;
    }

    block->commands = commands;
    block->object = object;

    save = *cf;
    cf->handler = ngx_http_zoom_block_directive;
    cf->handler_conf = (char *) block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


static char *
ngx_http_zoom_block_directive(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf)
{
    ngx_http_zoom_block_t  *block = conf;

    char           *rv;
    ngx_str_t      *value;
    ngx_command_t  *cmd;

    value = cf->args->elts;

    if (ngx_strcmp(value[0].data, "include") == 0) {

        if (cf->args->nelts != 2) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number of arguments in \"%V\" "
                               "directive", &value[0]);
            return NGX_CONF_ERROR;
        }

        return ngx_conf_include(cf, dummy, conf);
    }

    for (cmd = block->commands; cmd->name.len; cmd++) {

        if (!ngx_http_zoom_same(&cmd->name, &value[0])) {
            continue;
        }

        if (ngx_http_zoom_block_arguments(cf, cmd) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        rv = cmd->set(cf, cmd, block->object);

        if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
            return rv;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" directive %s", &value[0], rv);

        return NGX_CONF_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "unknown directive \"%V\"", &value[0]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_block_arguments(ngx_conf_t *cf, ngx_command_t *cmd)
{
    ngx_uint_t  n, mask;

    n = cf->args->nelts;

    mask = (n == 1) ? NGX_CONF_NOARGS
           : (n == 2) ? NGX_CONF_FLAG|NGX_CONF_TAKE1|NGX_CONF_1MORE
           : (n == 3) ? NGX_CONF_TAKE2|NGX_CONF_1MORE|NGX_CONF_2MORE
           : NGX_CONF_1MORE|NGX_CONF_2MORE;

    if (!(cmd->type & mask)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" directive",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
