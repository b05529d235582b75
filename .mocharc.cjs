module.exports = {
  import: 'tsx',
  spec: ['test/**/*.test.ts'],
  timeout: 20_000,
  forbidOnly: Boolean(process.env.CI),
}
