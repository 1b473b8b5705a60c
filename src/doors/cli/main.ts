/** The entry of the command line. */

export async function main(argv: string[]): Promise<void> {
  if (argv[0] === '--version') process.stdout.write('0.1.0\n')
}
